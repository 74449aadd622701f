import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Removes what was made by the hash of its sources, all but the `count` used last. */
export function keepLatest(folder: string, count: number): void {
  const age = (name: string) => Date.now() - statSync(join(folder, name)).mtimeMs
  const made = readdirSync(folder).filter((name) => /^[0-9a-f]{16}$/.test(name))
  for (const name of made.toSorted((one, other) => age(one) - age(other)).slice(count)) {
    rmSync(join(folder, name), { recursive: true, force: true })
  }
}
