import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that goes when the test ends; everyone may enter it, also the user who runs PostgreSQL. */
export function temporaryFolder(): string {
  const folder = makeFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The same, for the caller to remove. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tableside-test-'))
  chmodSync(folder, 0o755)
  return folder
}
