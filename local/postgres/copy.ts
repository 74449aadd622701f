import { execFile } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'

/**
 * Copies a stopped server's data with its modes and owners: as root, PostgreSQL's user's. Made aside and renamed, as a
 * cluster of its own is.
 */
export async function copyCluster(from: string, to: string): Promise<void> {
  const unfinished = `${to}.new`
  rmSync(unfinished, { recursive: true, force: true })
  await promisify(execFile)('cp', ['-a', from, unfinished])
  renameSync(unfinished, to)
}
