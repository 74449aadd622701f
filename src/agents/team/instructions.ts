import { clock, wallOf } from '../../platform/time.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { spokenLanguage } from '../speech.ts'
import { en } from './instructions/en.ts'
import { es } from './instructions/es.ts'
import { fr } from './instructions/fr.ts'
import type { Words } from './instructions/words.ts'
import { missingSlots } from './rules.ts'
import type { ReadBack, TeamAgentName } from './schema.ts'

const languages: Record<string, Words> = { en, es, fr }

export type Told = {
  restaurant: Restaurant
  now: number
  locale: string
  /** Whether the line says a number; which one, no model is told. */
  has_number: boolean
  /** The call's record: what was said so far. */
  state: Record<string, unknown>
  read_back: ReadBack | null
  escalated: boolean
}

/**
 * R262. What an agent is told as it takes over: its own work, what the call's record knows and it must not ask again, and
 * what was read back and waits for a yes. In the language of the call.
 */
export function instructionsFor(agent: TeamAgentName, told: Told): string {
  const { restaurant, state, read_back, has_number } = told
  const language = spokenLanguage(told.locale, restaurant)
  const words = languages[language] ?? en
  const wall = wallOf(told.now, restaurant.timezone)
  const say = new Intl.DateTimeFormat(language, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
  const today = `${say.format(Date.parse(`${wall.date}T00:00:00Z`))} (${wall.date})`
  const facts = {
    house: restaurant.name,
    today,
    now: clock(wall.minute),
    timezone: restaurant.timezone,
    language: new Intl.DisplayNames(language, { type: 'language' }).of(language) ?? language,
  }
  const known = Object.entries(words.slots).flatMap(([slot, name]) => {
    const value = state[slot]
    return value === undefined || value === null || value === '' ? [] : [`${name}: ${JSON.stringify(value)}`]
  })
  const missing = missingSlots(state, has_number).map((slot) => nameOf(words, slot))
  const books = agent === 'reservation'
  return [
    words.everyone(facts),
    words.own[agent],
    ...(known.length > 0 ? [`${words.known}: ${known.join('; ')}.`] : []),
    ...(books ? [missing.length > 0 ? `${words.missing}: ${missing.join(', ')}.` : words.nothing_missing] : []),
    ...(books ? [has_number ? words.number_known : words.number_unknown] : []),
    ...(books && read_back ? [waitingFor(words, read_back)] : []),
    ...(told.escalated ? [words.told_house] : []),
  ].join('\n')
}

function waitingFor(words: Words, { sentence, operation, input, commit_token }: ReadBack): string {
  return words.waiting({ sentence, operation, input: JSON.stringify({ ...input, commit_token }) })
}

function nameOf(words: Words, slot: string): string {
  return Object.entries(words.slots).find(([one]) => one === slot)?.[1] ?? slot
}
