/**
 * Completes package-lock.json after `npm install`.
 *
 * A registry mirror may not serve every optional platform package (a macOS build, a musl build). npm then leaves
 * its entry out of the lock, and `npm ci` refuses the lock on every machine. This adds the missing entries as
 * stubs that name only the platform they are for, so that `npm ci` skips them elsewhere.
 *
 *     npm install && npm run lock
 */
import { readFileSync, writeFileSync } from 'node:fs'

type Entry = {
  version?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}
type Lock = { packages: Record<string, Entry> }

const systems: [RegExp, string][] = [
  [/darwin/, 'darwin'],
  [/win32|windows/, 'win32'],
  [/openharmony/, 'openharmony'],
  [/android/, 'android'],
  [/freebsd/, 'freebsd'],
  [/netbsd/, 'netbsd'],
  [/openbsd/, 'openbsd'],
  [/sunos/, 'sunos'],
  [/aix/, 'aix'],
  [/linux/, 'linux'],
]
const processors = ['arm64', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'arm', 'wasm32']

/** The platform a package's name speaks of; a name that says nothing matches no machine. */
export function platformOf(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  const os = systems.find(([pattern]) => pattern.test(name))?.[1] ?? 'none'
  const cpu = /(darwin|windows)-64$/.test(name) ? 'x64' : (processors.find((one) => name.includes(one)) ?? 'none')
  return { os: [os], cpu: [cpu], ...(name.includes('musl') ? { libc: ['musl'] } : {}) }
}

/** Every optional dependency that no entry of the lock stands for, as [name, version, wanted by]. */
export function missingEntries(lock: Lock): [name: string, version: string, parent: Entry][] {
  const missing: [string, string, Entry][] = []
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      const found = foldersAbove(path).some((folder) => lock.packages[`${folder}node_modules/${name}`])
      if (!found) missing.push([name, range.replace(/^[\^~]/, ''), entry])
    }
  }
  return missing
}

function foldersAbove(path: string): string[] {
  const folders = ['']
  const parts = path.split('/node_modules/')
  for (let depth = 1; depth <= parts.length; depth++) {
    const folder = parts.slice(0, depth).join('/node_modules/')
    if (folder) folders.push(`${folder}/`)
  }
  return folders
}

if (import.meta.main) {
  const lock: Lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  const missing = missingEntries(lock)
  for (const [name, version, parent] of missing) {
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(parent.dev ? { dev: true } : {}),
      optional: true,
      ...platformOf(name),
    }
  }
  writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`${missing.length} optional platform packages added to the lock`)
}
