import type { Restaurant } from '../../restaurants/schema.ts'
import { consentLine } from '../calls.ts'
import { spokenLanguage } from '../speech.ts'
import { linesFor } from './dialogue-lines-rules.ts'

/** The languages that a house is spoken to in, its first one first; each of the others has a key, from 2 on. */
export function spokenBy(restaurant: Pick<Restaurant, 'languages'>): string[] {
  const spoken = restaurant.languages.map((one) => spokenLanguage(one, { languages: [] }))
  const first = spokenLanguage(restaurant.languages[0] ?? null, restaurant)
  const fitting = spoken.filter((one, i) => restaurant.languages[i]?.startsWith(one))
  return [...new Set([first, ...fitting])].slice(0, 9)
}

/** The first words: consent, a welcome, and which key is which language. */
export function greetingOf(restaurant: Restaurant, locale: string): string {
  const [first = 'en', ...others] = spokenBy(restaurant)
  const language = spokenLanguage(locale, restaurant)
  const keys = language === first ? others.map((one, i) => linesFor(one).press(String(i + 2))) : []
  return [...keys, consentLine(restaurant, locale).consent, linesFor(language).greeting(restaurant.name)].join(' ')
}
