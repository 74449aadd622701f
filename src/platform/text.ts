import * as z from 'zod'
import { noSuchDay } from './no-such-day.ts'

// Control characters other than tab and newline: Postgres takes no NUL, and a printed ticket none of them.
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f]/

/** A text a person typed: trimmed, one to `longest` characters, no control characters, no half characters. */
export function text(longest: number): z.ZodType<string, string> {
  return z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(longest)
    .refine((value) => !control.test(value), 'must not contain control characters')
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
}

const inReach = (value: string): boolean => /^2[01]\d\d-/.test(value)
/** Of a day that no calendar has it says so; else how it is to be written. */
const dated =
  (form: string) =>
  ({ input }: { input?: unknown }): string =>
    noSuchDay(String(input)) ?? form

export const LocalDate = z.iso
  .date({ error: dated('must be YYYY-MM-DD') })
  .refine(inReach, 'must be between the years 2000 and 2199')
  .meta({ description: 'Local date of the restaurant', example: '2026-12-01' })
export const LocalTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM')
  .meta({ description: 'Local wall time of the restaurant', example: '19:00' })
export const Instant = z.iso
  .datetime({ offset: true, local: true, error: dated('must be an ISO 8601 date and time') })
  .refine(inReach, 'must be between the years 2000 and 2199')
  .meta({ description: 'ISO 8601 with offset; without one it is local time', example: '2026-12-01T19:00:00+08:00' })
export const LanguageTag = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag')
  .meta({ example: 'en' })
export const Id = z.uuid()
export const Version = z.int().min(1).max(2_147_483_647)
export const Email = z.email().max(254)

/** Whether Postgres can keep it: no NUL and no half character, in any text or name within what JSON can say. */
export function isStorable(value: unknown): boolean {
  return !/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f]..)/.test(JSON.stringify(value) ?? '')
}

/** The beginning of a text, as Postgres can keep it. */
export function storable(value: string, longest: number): string {
  return value.slice(0, longest).toWellFormed().replaceAll('\0', '')
}

/** As names are searched for: without case, accents and doubled spaces. */
export function searchable(name: string): string {
  return name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim()
}
