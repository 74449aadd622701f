/**
 * Brings up everything on this machine and says where to go.
 *
 *     npm start
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const version = Number(process.versions.node.split('.')[0])

if (version >= 24) {
  const { run } = await import('./run.ts')
  await run(root)
} else {
  // npm puts the Node that travels as a package first on the path; only a direct call gets here.
  const pinned = join(root, 'node_modules', '.bin', 'node')
  if (!existsSync(pinned)) {
    console.error(`This needs Node 24, and here is ${process.versions.node}: run "npm ci", then "npm start".`)
    process.exit(1)
  }
  const { status } = spawnSync(pinned, process.argv.slice(1), { stdio: 'inherit' })
  process.exit(status ?? 1)
}
