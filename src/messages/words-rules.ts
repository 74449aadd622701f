import { de } from './catalogue/de-rules.ts'
import { en } from './catalogue/en-rules.ts'
import { es } from './catalogue/es-rules.ts'
import { fr } from './catalogue/fr-rules.ts'
import { it } from './catalogue/it-rules.ts'
import type { Catalogue } from './catalogue/catalogue-schema.ts'
import type { Channel, Kind, MessageLanguage } from './schema.ts'

export const catalogues: Record<MessageLanguage, Catalogue> = { en, es, fr, de, it }

/** Values for the placeholders of a text; one without a value is left out. */
export function fill(text: string, values: Record<string, string>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => values[name] ?? '')
}

const always = ['house', 'name', 'phone']
const visit = ['party', 'date', 'time']
const booked = [...always, ...visit, 'code', 'link', 'area']
const series = [...always, 'party', 'time', 'count', 'dates', 'first', 'last']

/** What a text of that kind may name. */
export function placeholdersOf(kind: Kind): string[] {
  if (kind === 'waitlist_joined') return [...always, 'party', 'wait', 'link']
  if (kind === 'waitlist_offered') return [...always, ...visit, 'until', 'link']
  if (kind === 'waitlist_lapsed') return [...always, 'party', 'link']
  return kind.startsWith('series_') ? series : booked
}

/** What a text names and cannot: it would be left out of every message. */
export function unknownPlaceholders(kind: Kind, text: string): string[] {
  const known = new Set(placeholdersOf(kind))
  return [...text.matchAll(/\{([^{}]*)\}/g)].flatMap(([, name = '']) => (known.has(name) ? [] : [name]))
}

type Own = { subject: string | null; body: string } | null

/** The house's own words, else ours; a subject of mails only. */
export function wordsFor(
  kind: Kind,
  channel: Channel,
  language: MessageLanguage,
  own: Own,
): { subject: string | null; body: string } {
  const { subject, body, sms } = catalogues[language].messages[kind]
  if (channel === 'sms') return { subject: null, body: own?.body ?? sms }
  return { subject: own?.subject ?? subject, body: own?.body ?? body }
}
