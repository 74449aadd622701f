import { problems, type ProblemCode } from '../platform/problem.ts'
import { addDays, wallOf } from '../platform/time.ts'
import type { Catalog } from './speech/catalog.ts'
import { en } from './speech/en.ts'
import { es } from './speech/es.ts'
import { fr } from './speech/fr.ts'

const catalogs: Record<string, Catalog> = { en, es, fr }

/** A catalogue with what it takes to speak of days, times and sums, as the house's day stands. */
export type Speech = Catalog & {
  day: (date: string) => string
  time: (time: string) => string
  when: (slot: { date: string; time: string }) => string
  party: (count: number) => string
  list: (parts: string[], or?: boolean) => string
  money: (minor: number) => string
  /** Letter by letter, as codes are read out. */
  spelled: (code: string) => string
}

type House = { timezone: string; currency: string; languages: string[] }

/** The language that is spoken: that of the call where there is a catalogue for it, else the house's, else English. */
export function spokenLanguage(locale: string | null, house: Pick<House, 'languages'>): string {
  const wanted = [locale, ...house.languages].map((one) => one?.split('-')[0] ?? '')
  return wanted.find((one) => one in catalogs) ?? 'en'
}

export function catalogOf(language: string): Catalog {
  return catalogs[language] ?? en
}

export function speechFor(ctx: { restaurant: House; call: { locale: string }; now: number }): Speech {
  const { restaurant, call, now } = ctx
  const language = spokenLanguage(call.locale, restaurant)
  const catalog = catalogOf(language)
  const locale = localeOf(call.locale, language)
  const today = wallOf(now, restaurant.timezone).date
  const day = (date: string): string => {
    if (date === today) return catalog.today
    if (date === addDays(today, 1)) return catalog.tomorrow
    const words = formatterOf(`${locale} day`, () => new Intl.DateTimeFormat(locale, dayWords))
    const said = words.format(Date.parse(`${date}T00:00:00Z`))
    return language === 'en' ? `on ${said}` : language === 'es' ? `el ${said}` : `le ${said}`
  }
  const time = (wall: string): string => {
    const words = formatterOf(`${locale} time`, () => new Intl.DateTimeFormat(locale, timeWords))
    const said = words.format(Date.parse(`2026-01-01T${wall === '24:00' ? '00:00' : wall}:00Z`))
    return said.replace(/[\u202f\u00a0]/g, ' ').replace(/:00(?= ?[ap]\.? ?m)/i, '')
  }
  return {
    ...catalog,
    day,
    time,
    when: (slot) => catalog.at(day(slot.date), time(slot.time)),
    party: catalog.people,
    list: (parts, or = false) => {
      const type = or ? 'disjunction' : 'conjunction'
      return new Intl.ListFormat(locale, { style: 'long', type }).format(parts)
    },
    money: (minor) => {
      const words = new Intl.NumberFormat(locale, { style: 'currency', currency: restaurant.currency })
      const digits = words.resolvedOptions().maximumFractionDigits ?? 2
      return words.format(minor / 10 ** digits).replace(/[\u202f\u00a0]/g, ' ')
    },
    spelled: (code) => code.split('').join(' '),
  }
}

const dayWords: Intl.DateTimeFormatOptions = { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }
const timeWords: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' }

// Making one costs more than all that is said with it.
const formatters = new Map<string, Intl.DateTimeFormat>()
function formatterOf(name: string, make: () => Intl.DateTimeFormat): Intl.DateTimeFormat {
  const known = formatters.get(name)
  if (known) return known
  const made = make()
  if (formatters.size > 200) formatters.clear()
  formatters.set(name, made)
  return made
}

function localeOf(locale: string, language: string): string {
  return locale.split('-')[0] === language && Intl.DateTimeFormat.supportedLocalesOf(locale).length > 0
    ? locale
    : language
}

type Alternative = { date: string; time: string }

/** What a refusal sounds like: why not, and what there is instead. English says it as the problem does. */
export function refusalSentence(
  speech: Speech,
  refusal: { code: ProblemCode; hint: string; alternatives: Alternative[] },
): string {
  const own = speech.refusals[refusal.code]
  const why = own ?? (refusal.alternatives.length > 0 ? problems[refusal.code][2] : refusal.hint)
  return refusal.alternatives.length === 0 ? why : `${why} ${offerOf(speech, refusal.alternatives)}`
}

/** Times of one day by themselves, those of several with their day. */
export function offerOf(speech: Speech, open: Alternative[]): string {
  const few = open.slice(0, 3)
  const sameDay = new Set(few.map((one) => one.date)).size === 1
  return speech.offer(
    speech.list(
      few.map((one) => (sameDay ? speech.time(one.time) : speech.when(one))),
      true,
    ),
  )
}
