import type { Channel, Facts, Kind, LeasedMessage, Told } from './schema.ts'

/** Why a message is not sent after all. */
export type Skipped = 'switched_off' | 'opted_out' | 'no_address' | 'overtaken' | 'too_late' | 'nothing_new'

const reservationStates: Partial<Record<Kind, readonly string[]>> = {
  confirmation: ['confirmed'],
  pending: ['pending'],
  approved: ['confirmed'],
  changed: ['pending', 'confirmed'],
  reminder: ['confirmed'],
  cancelled: ['cancelled'],
  cancelled_by_house: ['cancelled'],
  declined: ['cancelled'],
  no_show: ['no_show'],
}
const waitlistStates: Partial<Record<Kind, readonly string[]>> = {
  waitlist_joined: ['waiting'],
  waitlist_offered: ['offered'],
  waitlist_lapsed: ['waiting', 'lapsed'],
}
const longestAfterMs = 24 * 3_600_000

/**
 * R157. What is no longer so is not told: the visit has begun, the offer has lapsed, the booking was cancelled or moved
 * meanwhile. Null: it is sent. `now` is in milliseconds.
 */
export function skipReason(
  message: Pick<LeasedMessage, 'kind' | 'subject_type' | 'about_at' | 'dedupe_key'>,
  facts: Facts,
  now: number,
): Skipped | null {
  const { reservation, entry, series } = facts
  const { kind } = message
  if (message.subject_type === 'reservation') {
    if (!reservation || !reservationStates[kind]?.includes(reservation.status)) return 'overtaken'
    const starts = Date.parse(reservation.starts_at)
    if (kind === 'no_show') return now > starts + longestAfterMs ? 'too_late' : null
    if (now >= starts) return 'too_late'
    if (kind === 'reminder' && message.about_at !== null && Date.parse(message.about_at) !== starts) return 'overtaken'
    return kind === 'changed' && knows(facts.told, toldBy(facts)) && !isByHand(message) ? 'nothing_new' : null
  }
  if (message.subject_type === 'waitlist') {
    if (!entry || !waitlistStates[kind]?.includes(entry.status)) return 'overtaken'
    const until = entry.offer_expires_at
    return kind === 'waitlist_offered' && until !== null && now >= Date.parse(until) ? 'too_late' : null
  }
  if (!series) return 'overtaken'
  if (kind === 'series_cancelled') return series.visits.length > 0 && series.status === 'active' ? 'overtaken' : null
  return series.visits.length === 0 ? 'too_late' : null
}

/** Somebody asked for it: that the guest knows already is no reason. */
function isByHand({ dedupe_key }: Pick<LeasedMessage, 'dedupe_key'>): boolean {
  return dedupe_key.startsWith('again:')
}

const tells = new Set<Kind>(['confirmation', 'pending', 'approved', 'changed'])

/** What the guest knows by a message of that kind; null where it says nothing of it. */
export function toldOf(kind: Kind, facts: Facts): Told | null {
  return tells.has(kind) ? toldBy(facts) : null
}

function toldBy({ reservation }: Facts): Told | null {
  if (!reservation) return null
  const { starts_at, party_size, tables, area } = reservation
  return { starts_at, party_size, area: tables[0]?.area ?? area }
}

function knows(told: Told | null, now: Told | null): boolean {
  if (!told || !now) return false
  const same = Date.parse(told.starts_at) === Date.parse(now.starts_at)
  return same && told.party_size === now.party_size && told.area === now.area
}

/** Where it goes now: the guest may have another address since it was made. */
export function addressOf(message: Pick<LeasedMessage, 'channel' | 'address'>, facts: Facts): string | null {
  const { reservation, entry, contact } = facts
  const own: Record<Channel, string | null | undefined> = reservation
    ? { mail: reservation.email ?? contact?.email, sms: reservation.phone_number ?? contact?.phone }
    : entry
      ? { mail: entry.email, sms: entry.phone_number }
      : { mail: contact?.email, sms: contact?.phone }
  return own[message.channel] ?? null
}

/** Our own statuses aside: what a provider refuses, it will refuse again. 408 and 429 it may not. */
export function isFinal(status: number | null): boolean {
  return status !== null && status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 429
}
