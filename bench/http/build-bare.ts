import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readSettings } from '../../local/worker/settings.ts'

const root = join(import.meta.dirname, '..', '..')

/** The bare app, bundled as the Worker itself is. */
export function buildBare(): Promise<string> {
  return bundle('bench-bare', join(import.meta.dirname, 'bare', 'worker.ts'))
}

/** Bundles another Worker as ours is bundled, for the same runtime, and answers its folder. */
export async function bundle(name: string, main: string, bindings: string[] = []): Promise<string> {
  const folder = join(root, '.local', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const configuration_file = join(folder, 'wrangler.toml')
  const { compatibility_date, compatibility_flags } = await readSettings(join(root, 'wrangler.toml'))
  writeFileSync(
    configuration_file,
    [
      `name = ${JSON.stringify(name)}`,
      `main = ${JSON.stringify(main)}`,
      `compatibility_date = ${JSON.stringify(compatibility_date)}`,
      `compatibility_flags = ${JSON.stringify(compatibility_flags)}`,
      ...bindings,
    ].join('\n'),
  )
  const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const built = join(folder, 'built')
  const args = ['deploy', '--dry-run', '--config', configuration_file, '--outdir', built]
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_WRITE_LOGS: 'false' }
  await promisify(execFile)(process.execPath, [wrangler, ...args], { cwd: root, env })
  writeFileSync(join(built, 'worker.json'), JSON.stringify(await readSettings(configuration_file)))
  return built
}
