/**
 * Builds the Worker as `wrangler deploy` would, and says how large it is.
 *
 *     npm run build
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { keepLatest } from './kept.ts'
import { readSettings } from './worker/settings.ts'

const root = join(import.meta.dirname, '..')
const kept_builds = 5

/**
 * The folder with the built Worker: its modules and worker.json. Builds go by the hash of what they were made from,
 * so that one that exists is taken as it is, and earlier ones stay at hand to try a deploy's two versions.
 */
export async function buildWorker({ out_dir = join(root, '.local', 'builds') } = {}): Promise<string> {
  const built = join(out_dir, sourcesHash())
  if (existsSync(built)) {
    utimesSync(built, new Date(), new Date())
    return built
  }
  mkdirSync(out_dir, { recursive: true })
  const unfinished = mkdtempSync(join(out_dir, 'unfinished-'))
  try {
    await bundle(unfinished, join(out_dir, 'home'))
    renameSync(unfinished, built)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // Another process may have finished the same build first.
    if (!existsSync(built)) throw error
  }
  keepLatest(out_dir, kept_builds)
  return built
}

async function bundle(folder: string, home: string): Promise<void> {
  const configuration_file = join(root, 'wrangler.toml')
  const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const args = ['deploy', '--dry-run', '--env', '', '--config', configuration_file, '--outdir', folder]
  const quiet = { WRANGLER_SEND_METRICS: 'false', WRANGLER_WRITE_LOGS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' }
  // It keeps notes in the user's home, which not every user may write.
  const env = { ...process.env, ...quiet, HOME: home, XDG_CONFIG_HOME: home }
  try {
    await promisify(execFile)(process.execPath, [wrangler, ...args], { cwd: root, env })
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    throw new Error(`The Worker does not build: ${said.trim() || String(error)}`, { cause: error })
  }
  writeFileSync(join(folder, 'worker.json'), JSON.stringify(await readSettings(configuration_file), null, 2))
}

function sourcesHash(): string {
  const hash = createHash('sha256')
  for (const file of [
    'wrangler.toml',
    'tsconfig.json',
    'package-lock.json',
    ...filesIn('functions'),
    ...filesIn('src'),
  ]) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex').slice(0, 16)
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted()
}

if (import.meta.main) {
  const built = await buildWorker()
  const bytes = readFileSync(join(built, 'worker.js'))
  const [size, compressed] = [bytes.length, gzipSync(bytes).length].map((length) => `${(length / 1024).toFixed(1)} kB`)
  console.log(`${built}: ${size}, ${compressed} compressed`)
}
