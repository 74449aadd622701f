import { describe, expect, test } from 'vitest'
import { stepsOf } from '../../src/messages/plan-rules.ts'
import type { SeenEvent } from '../../src/messages/schema.ts'
import { defaultSettings } from '../../src/restaurants/schema.ts'

const id = '00000000-0000-4000-8000-000000000001'
const house = {
  timezone: 'Asia/Singapore',
  country: 'SG',
  languages: ['en'],
  settings: { ...defaultSettings, messages: { ...defaultSettings.messages, mail: 'on', sms: 'on' } as const },
}
const can = { mail: true, sms: true }
const contact = { name: 'Ada', email: 'ada@guest.test', phone: '+6598207272', language: null }
const booked = {
  id,
  status: 'confirmed',
  party_size: 2,
  starts_at: '2026-12-10T11:00:00Z',
  area: null,
  name: 'Ada',
  email: contact.email,
  phone_number: contact.phone,
  source: 'web',
  cancel_reason: null,
  tables: [{ area: 'room' }],
  series_id: null,
  waitlist_id: null as string | null,
}

let events = 0
function event(type: string, after: unknown, more: Partial<SeenEvent> = {}): SeenEvent {
  events += 1
  return {
    id: events,
    tx: String(events),
    type,
    at: '2026-12-01T02:00:00Z',
    subject_id: id,
    actor_kind: 'key',
    before: null,
    after,
    contact,
    ...more,
  }
}
/** What is made and what is voided, in short. */
function steps(...seen: SeenEvent[]): string[] {
  return stepsOf(seen, house, can).map((step) =>
    'void' in step ? `void ${step.kinds.length}` : `${step.make.kind} ${step.make.channel}`,
  )
}
const changed = (after: object, more: Partial<SeenEvent> = {}): string[] =>
  steps(event('reservation.changed', { ...booked, ...after }, { before: booked, ...more }))
const reminded = ['reminder sms', 'reminder sms']

describe('R155 who hears of it', () => {
  test('a booking; no walk-in, import, hold, nor what is over', () => {
    expect(steps(event('reservation.booked', booked))).toEqual(['confirmation mail', ...reminded])
    expect(steps(event('reservation.booked', { ...booked, status: 'pending' }))).toEqual(['pending mail'])
    for (const source of ['walk_in', 'import'])
      expect(steps(event('reservation.booked', { ...booked, source }))).toEqual([])
    expect(steps(event('reservation.booked', booked, { at: '2026-12-10T11:00:00Z' }))).toEqual([])
    expect(steps(event('reservation.booked', {}))).toEqual([])
  })

  test('nobody of what this deployment cannot send', () => {
    const none = stepsOf([event('reservation.booked', booked)], house, { mail: false, sms: false })
    expect(none).toEqual([])
    const texts = stepsOf([event('reservation.booked', booked)], house, { mail: false, sms: true })
    expect(texts).toHaveLength(3)
  })
})

describe('R156 by what, R157 of what', () => {
  test('a change of time, party or area; not of notes, another table of the area, or who is seated', () => {
    expect(changed({ starts_at: '2026-12-10T12:00:00Z' })).toEqual(['void 1', ...reminded, 'changed mail'])
    expect(changed({ party_size: 3 })).toEqual(['changed mail'])
    expect(changed({ tables: [{ area: 'terrace' }] })).toEqual(['changed mail'])
    expect(changed({ name: 'Bo' })).toEqual([])
    expect(changed({ party_size: 3, status: 'seated' })).toEqual([])
    expect(changed({ email: 'new@guest.test' })).toEqual(['confirmation mail'])
  })

  test('less than a day before the visit by both', () => {
    const soon = { at: '2026-12-10T02:00:00Z' }
    expect(changed({ party_size: 3 }, soon)).toEqual(['changed sms', 'changed mail'])
    const cancelled = { ...booked, status: 'cancelled' }
    const by = (actor_kind: string, more = {}): string[] =>
      steps(event('reservation.cancel', cancelled, { before: booked, actor_kind, ...more }))
    expect(by('staff', soon)).toEqual(['void 5', 'cancelled_by_house sms', 'cancelled_by_house mail'])
    expect(by('guest')).toEqual(['void 5', 'cancelled mail'])
    expect(by('call')).toEqual(['void 5', 'cancelled mail'])
    expect(by('staff', { before: { ...booked, status: 'pending' } })).toEqual(['void 5', 'declined mail'])
    expect(by('staff', { before: { ...booked, status: 'held' } })).toEqual(['void 5'])
  })

  test('who did not come only where the house wants it', () => {
    const missed = event(
      'reservation.no_show',
      { ...booked, status: 'no_show' },
      { before: booked, actor_kind: 'cron' },
    )
    expect(steps(missed)).toEqual(['void 5'])
    const messages = { ...house.settings.messages, no_show_note: 'on' as const }
    const asked = stepsOf([missed], { ...house, settings: { ...house.settings, messages } }, can)
    expect(asked).toHaveLength(2)
  })
})

describe('R161 the waitlist', () => {
  const entry = {
    id,
    kind: 'future',
    name: 'Ada',
    phone_number: contact.phone,
    email: contact.email,
    language: 'fr',
    offer_expires_at: null,
    reservation: { id, starts_at: booked.starts_at },
  }
  test('a table for a day to come is a booking, told once; for now it is none', () => {
    const own = { ...booked, waitlist_id: id }
    expect(steps(event('reservation.booked', own), event('waitlist.accepted', entry))).toEqual([
      'void 3',
      'confirmation mail',
      ...reminded,
    ])
    expect(steps(event('reservation.booked', own), event('waitlist.accepted', { ...entry, kind: 'now' }))).toEqual([
      'void 3',
    ])
    expect(steps(event('waitlist.offered', entry))).toEqual(['void 3', 'waitlist_offered sms', 'waitlist_offered mail'])
    expect(steps(event('waitlist.joined', entry))).toEqual(['waitlist_joined sms'])
    expect(steps(event('waitlist.offer_lapsed', entry))).toEqual(['void 3', 'waitlist_lapsed sms'])
  })
})

test('R162 what a series does to its dates is told by the series alone; what befalls one date is told', () => {
  const own = { ...booked, series_id: id }
  const tx = { tx: '7' }
  const series = event('series.booked', { booked: [id] }, tx)
  expect(steps(event('reservation.booked', own, tx), event('reservation.booked', own, tx), series)).toEqual([
    ...reminded,
    ...reminded,
    'void 2',
    'series_booked mail',
  ])
  const gone = { ...own, status: 'cancelled' }
  expect(
    steps(
      event('reservation.cancel', gone, { ...tx, before: own }),
      event('series.cancelled', { cancelled: [id] }, tx),
    ),
  ).toEqual(['void 5', 'void 2', 'series_cancelled mail'])
  expect(steps(event('reservation.cancel', gone, { before: own, actor_kind: 'guest' }))).toEqual([
    'void 5',
    'cancelled mail',
  ])
})
