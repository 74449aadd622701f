import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
type Import = { from: string; to: string; names: string; types: boolean }

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name))
}

/** Every import of a file; paths are from the root, packages as they are named. */
export function importsOf(file: string, text: string): Import[] {
  const found = text.matchAll(/^(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s*'([^']+)'/gm)
  return [...found].map(([, type, names = '', to = '']) => ({
    from: file,
    to: to.startsWith('.') ? relative(root, resolve(root, dirname(file), to)) : to,
    names,
    types: type !== undefined,
  }))
}

const featureOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1]
const roomOf = (path: string): string => path.replace(/^.*\//, '').replace(/\.tsx?$/, '')
const isSchema = (path: string): boolean => /(^|-)schema$/.test(roomOf(path))
const isRules = (path: string): boolean => /(^|-)rules$/.test(roomOf(path))
const isQueries = (path: string): boolean => /(^|-)queries$/.test(roomOf(path))
const isRoutes = (path: string): boolean => /(^|-)routes$/.test(roomOf(path))

/** Why an import is not allowed in this house; undefined where it is. */
export function mistakeOf({ from, to, names, types }: Import): string | undefined {
  if (to === 'zod' && !names.startsWith('* as z'))
    return "import * as z from 'zod': the named import carries every locale"
  if (/^temporal-polyfill$|^temporal-polyfill\/global$/.test(to))
    return "import from 'temporal-polyfill/implementation'"
  if (!to.startsWith('src/') && !to.startsWith('functions/')) return undefined
  if (from.startsWith('src/') && to.startsWith('functions/')) return 'src never imports functions'
  if (featureOf(from) === undefined || featureOf(to) === undefined) return undefined
  if (isSchema(from) && !isSchema(to) && !to.startsWith('src/platform/')) return 'a schema imports only schemas'
  if (isRules(from) && !isRules(to) && !isSchema(to) && !to.startsWith('src/platform/'))
    return 'rules import only rules and schemas'
  if (isQueries(from) && (isRoutes(to) || isVerb(to)) && !types) return 'queries import no verb and no route'
  if (isRoutes(to)) return 'only functions/ imports routes'
  if (isQueries(to) && !isWithin(from, dirname(to))) return "another folder's queries are its own"
  return undefined
}

/** Queries serve their own folder and those inside it: a feature's serve its waitlist, the waitlist's serve nobody else. */
const isWithin = (path: string, folder: string): boolean => path.startsWith(`${folder}/`)

function isVerb(path: string): boolean {
  return (
    featureOf(path) !== 'platform' &&
    !isRules(path) &&
    !isSchema(path) &&
    !isQueries(path) &&
    !isRoutes(path) &&
    !['present', 'load'].includes(roomOf(path))
  )
}

const all = ['src', 'functions'].flatMap((folder) =>
  sources(folder).flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8'))),
)

describe('imports point one way', () => {
  test('in every file of src and functions', () => {
    expect(all.length).toBeGreaterThan(100)
    const mistakes = all.flatMap((one) => {
      const why = mistakeOf(one)
      return why === undefined ? [] : [`${one.from} imports ${one.to}: ${why}`]
    })
    expect(mistakes).toEqual([])
  })

  test('rules and schemas await nothing and read no clock, no chance and no environment', () => {
    const pure = sources('src').filter((file) => isRules(file) || isSchema(file))
    expect(pure.length).toBeGreaterThan(6)
    for (const file of pure) {
      const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      const impure =
        /\bawait\b|\basync\b|Date\.now|new Date\(\)|Math\.random|crypto\.|process\.|\bthrow\b|\bfetch\(/.exec(code)
      expect(impure?.[0], file).toBeUndefined()
    }
  })

  test.each([
    ["import { z } from 'zod'", 'src/guests/schema.ts'],
    ["import { Temporal } from 'temporal-polyfill'", 'src/platform/time.ts'],
    ["import { findGuest } from '../guests/queries.ts'", 'src/reservations/book.ts'],
    ["import { reservationEndpoints } from './routes.ts'", 'src/reservations/book.ts'],
    ["import { bookTable } from './book.ts'", 'src/reservations/rules.ts'],
    ["import { bookTable } from './book.ts'", 'src/reservations/queries.ts'],
    ["import { app } from '../../functions/http.ts'", 'src/reservations/book.ts'],
    ["import { selectEntry } from './waitlist/queries.ts'", 'src/reservations/book.ts'],
    ["import { selectEntry } from '../waitlist/queries.ts'", 'src/reservations/series/book.ts'],
    ["import { findGuest } from '../../guests/queries.ts'", 'src/reservations/series/book.ts'],
    ["import { waitlistEndpoints } from './waitlist/routes.ts'", 'src/reservations/routes.ts'],
    ["import { joinWaitlist } from './join.ts'", 'src/reservations/waitlist/rules.ts'],
    ["import { joinWaitlist } from './join.ts'", 'src/reservations/waitlist/queries.ts'],
    ["import { statusNow } from './rules.ts'", 'src/reservations/waitlist/schema.ts'],
    ["import { turnMinutes } from './rules.ts'", 'src/restaurants/schema.ts'],
  ])('%s in %s is found', (line, file) => {
    expect(importsOf(file, `${line}\n`).map(mistakeOf)).toEqual([expect.any(String)])
  })

  test('a folder inside a feature reads by the queries of the feature', () => {
    const line = "import { selectReservation } from '../queries.ts'\n"
    expect(importsOf('src/reservations/calendar/file.ts', line).map(mistakeOf)).toEqual([undefined])
  })
})
