import type { Restaurant } from '../restaurants/schema.ts'
import { localeOf } from './language-rules.ts'
import { htmlOf } from './mail-rules.ts'
import type { Channel, Content, Facts, Kind, MessageLanguage } from './schema.ts'
import { fitSms } from './sms-rules.ts'
import { catalogues, fill, wordsFor } from './words-rules.ts'

export type Sender = Pick<Restaurant, 'name' | 'timezone' | 'country' | 'address' | 'phone' | 'settings'>
/** Where a message leads; null where there is nothing to do any more. */
export type Links = { link: string | null; stop: string | null }
type What = { kind: Kind; channel: Channel; language: MessageLanguage }
type Attachments = Content['attachments']

/** R163. A message in the guest's language and the house's local time, with the house's words where it has its own. */
export function contentOf(
  what: What,
  facts: Facts,
  house: Sender,
  links: Links,
  attachments: Attachments = [],
): Content {
  const { kind, channel, language } = what
  const words = wordsFor(kind, channel, language, facts.template)
  const values: Record<string, string> = { ...valuesOf(what, facts, house), link: links.link ?? '' }
  if (channel === 'sms') {
    const text = fitSms((fitted) => fill(words.body, fitted).replaceAll(/ {2,}/g, ' ').trim(), values)
    return { subject: null, text, html: null, attachments: [] }
  }
  const said = catalogues[language]
  const action = actionOf(kind, language)
  const own = fill(words.body, values)
  const missing = facts.series?.not_booked.flatMap((date) => (date === null ? [] : [dayOf(date, what, house)])) ?? []
  const paragraphs = [
    values.name ? fill(said.hello, values) : said.hello_nobody,
    ...own.split(/\n{2,}/).filter((one) => one.trim() !== ''),
    ...(missing.length > 0 && facts.series?.status === 'active'
      ? [fill(said.series_missing, { missing: missing.join(', ') })]
      : []),
  ]
  const foot = [house.name, house.address, house.phone && fill(said.call, { phone: house.phone })].filter(
    (one): one is string => Boolean(one),
  )
  // Words of the house that hold the link already need no other.
  const button = links.link !== null && !own.includes(links.link) ? { label: action, url: links.link } : null
  const stop = links.stop === null ? null : { label: said.no_more_reminders, url: links.stop }
  const text = [
    ...paragraphs,
    ...(button ? [`${button.label}: ${button.url}`] : []),
    foot.join('\n'),
    ...(stop ? [`${stop.label}: ${stop.url}`] : []),
  ].join('\n\n')
  return {
    subject: oneLine(fill(words.subject ?? '', values)),
    text: `${text}\n`,
    html: htmlOf(language, { paragraphs, button, foot, stop }),
    attachments,
  }
}

function actionOf(kind: Kind, language: MessageLanguage): string {
  const { manage, place, offer } = catalogues[language]
  if (kind === 'waitlist_offered') return offer
  return kind.startsWith('waitlist_') ? place : manage
}

function valuesOf(what: What, facts: Facts, house: Sender): Record<string, string> {
  const { reservation, entry, series, contact } = facts
  const name = reservation?.name ?? entry?.name ?? contact?.name ?? ''
  const values: Record<string, string> = { house: house.name, name, phone: house.phone ?? '' }
  const starts_at = reservation?.starts_at ?? entry?.reservation?.starts_at ?? series?.visits[0]?.starts_at
  const party = reservation?.party_size ?? entry?.party_size ?? series?.visits[0]?.party_size
  if (party !== undefined) values['party'] = String(party)
  if (starts_at !== undefined) Object.assign(values, whenOf(starts_at, what, house))
  if (reservation) {
    values['code'] = reservation.confirmation_code
    values['area'] = reservation.tables[0]?.area ?? reservation.area ?? ''
  }
  if (entry) {
    values['wait'] = waitOf(entry, what.language)
    if (entry.offer_expires_at !== null) values['until'] = timeOf(entry.offer_expires_at, what, house)
  }
  if (series) {
    const dates = series.visits.map((one) => whenOf(one.starts_at, what, house).date)
    values['count'] = String(dates.length)
    values['dates'] = dates.join('\n')
    values['first'] = dates[0] ?? ''
    values['last'] = dates.at(-1) ?? ''
  }
  return values
}

function waitOf(
  { kind, quoted_min_minutes: min, quoted_max_minutes: max }: NonNullable<Facts['entry']>,
  language: MessageLanguage,
): string {
  if (kind === 'future') return ''
  const { wait, wait_unknown } = catalogues[language]
  return min === null || max === null ? wait_unknown : fill(wait, { min: String(min), max: String(max) })
}

/** The wall time there, as people of that language and country write it. */
function whenOf(at: string, what: What, house: Sender): { date: string; time: string } {
  return { date: formatted(at, what, house, house.timezone), time: timeOf(at, what, house) }
}

function formatted(at: string, { channel, language }: What, { country }: Sender, timeZone: string): string {
  const long = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone } as const
  const short = { weekday: 'short', day: 'numeric', month: 'short', timeZone } as const
  const format = new Intl.DateTimeFormat(localeOf(language, country), channel === 'mail' ? long : short)
  return plainSpaces(format.format(Date.parse(at)))
}

function dayOf(date: string, what: What, house: Sender): string {
  return formatted(`${date}T12:00:00Z`, what, house, 'UTC')
}

function timeOf(at: string, { language }: What, { country, timezone: timeZone }: Sender): string {
  const locale = localeOf(language, country)
  return plainSpaces(
    new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', timeZone }).format(Date.parse(at)),
  )
}

function plainSpaces(text: string): string {
  return text.replaceAll(/[\u00a0\u202f]/g, ' ')
}

/** A subject is a header: a name in it may not begin another. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
