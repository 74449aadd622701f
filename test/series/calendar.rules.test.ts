import fc from 'fast-check'
import { convertIcsCalendar } from 'ts-ics'
import { describe, expect, test } from 'vitest'
import { calendarOf, feedOf } from '../../src/reservations/calendar/rules.ts'
import { id } from '../reservations/houses.ts'

const booked = {
  id: id(7),
  version: 3,
  status: 'confirmed' as const,
  party_size: 4,
  starts_at: '2027-11-07T01:30:00-04:00',
  ends_at: '2027-11-07T03:15:00-05:00',
  updated_at: '2027-10-01T12:00:00Z',
  confirmation_code: 'ABCDEF',
  name: 'Ana',
  email: 'ana@example.com',
}
const house = {
  name: 'Osteria',
  slug: 'osteria',
  address: '1 Main St',
  email: 'hi@osteria.test',
  phone: '+12125550100',
}
const url = 'https://tableside.test/r/eyJ.a.b'

/** By octets, as the lines go over the wire. */
const longest = (body: string): number =>
  Math.max(...body.split('\r\n').map((line) => new TextEncoder().encode(line).length))

describe('R146 a calendar file', () => {
  test('says when, where and how to change it, in instants that no change of the clocks moves', () => {
    const { method, body } = calendarOf(booked, house, url, 'sent')
    expect(method).toBe('REQUEST')
    const calendar = convertIcsCalendar(undefined, body)
    expect(calendar.method).toBe('REQUEST')
    expect(calendar.events).toMatchObject([
      {
        uid: `${booked.id}@tableside`,
        sequence: 3,
        status: 'CONFIRMED',
        summary: 'Osteria: table for 4',
        location: 'Osteria, 1 Main St',
        url,
        start: { date: new Date('2027-11-07T05:30:00Z') },
        end: { date: new Date('2027-11-07T08:15:00Z') },
        stamp: { date: new Date('2027-10-01T12:00:00Z') },
        organizer: { email: 'hi@osteria.test' },
        attendees: [{ email: 'ana@example.com', partstat: 'ACCEPTED' }],
        alarms: [{ action: 'DISPLAY', trigger: { value: { before: true, minutes: 120 } } }],
      },
    ])
    const description = calendar.events?.[0]?.description ?? ''
    for (const part of ['ABCDEF', url, '+12125550100']) expect(description.replaceAll('\n', '')).toContain(part)
  })

  test.each([
    ['pending', 'REQUEST', 'TENTATIVE'],
    ['seated', 'REQUEST', 'CONFIRMED'],
    ['cancelled', 'CANCEL', 'CANCELLED'],
    ['no_show', 'CANCEL', 'CANCELLED'],
  ] as const)('of one that is %s: %s, %s, under the same uid', (status, method, says) => {
    const made = calendarOf({ ...booked, status, version: 4 }, house, url, 'sent')
    expect(made.method).toBe(method)
    const [event] = convertIcsCalendar(undefined, made.body).events ?? []
    expect(event).toMatchObject({ uid: `${booked.id}@tableside`, sequence: 4, status: says })
    if (method === 'CANCEL') expect(event?.alarms ?? []).toEqual([])
  })

  test('fetched as a file, or of somebody without an e-mail, it is published: it asks nobody to attend', () => {
    for (const [one, way] of [
      [booked, 'fetched'],
      [{ ...booked, email: null }, 'sent'],
    ] as const) {
      const { method, body } = calendarOf(one, house, url, way)
      expect(method).toBe('PUBLISH')
      const calendar = convertIcsCalendar(undefined, body)
      expect(calendar).toMatchObject({
        method,
        events: [{ status: 'CONFIRMED', organizer: { email: 'hi@osteria.test' } }],
      })
      expect(calendar.events?.[0]?.attendees ?? []).toEqual([])
    }
    expect(calendarOf({ ...booked, status: 'completed' }, house, url, 'fetched').body).toContain('STATUS:CONFIRMED')
    expect(calendarOf({ ...booked, status: 'cancelled' }, house, url, 'fetched').method).toBe('CANCEL')
  })

  test('a house without an e-mail still has an organizer, and a guest without one is no attendee', () => {
    const { body } = calendarOf(
      { ...booked, email: null },
      { ...house, email: null, address: null, phone: null },
      null,
      'sent',
    )
    const [event] = convertIcsCalendar(undefined, body).events ?? []
    expect(event).toMatchObject({ organizer: { email: 'osteria@tableside.invalid' }, location: 'Osteria' })
    expect(event?.attendees ?? []).toEqual([])
  })

  test('whatever the names are, every line has 75 octets at the most, no character is cut, nothing is injected', () => {
    const text = fc
      .string({ unit: 'grapheme', maxLength: 60 })
      .map((one) => one.replaceAll(/\p{C}/gu, '').trim() || 'x')
    const nasty = fc.oneof(
      text,
      fc.constant('a\r\nATTENDEE:mailto:x@y.z'),
      fc.constant('";X=1:mailto:b@c.d,\\n;🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷🍷'),
    )
    fc.assert(
      fc.property(nasty, nasty, nasty, (name, address, guest) => {
        const { body } = calendarOf({ ...booked, name: guest }, { ...house, name, address }, url, 'sent')
        expect(longest(body)).toBeLessThanOrEqual(75)
        expect(body.isWellFormed()).toBe(true)
        const lines = body.replaceAll('\r\n ', '').split('\r\n')
        expect(lines.some((line) => /[\r\n]/.test(line))).toBe(false)
        const names = lines.slice(0, -1).map((line) => /^[A-Z-]+/.exec(line)?.[0])
        expect(names.filter((one) => one === 'ATTENDEE')).toHaveLength(1)
        expect(names.filter((one) => one === 'BEGIN')).toHaveLength(3)
        // Properties before components: a calendar may stop at the first of those.
        expect(names.indexOf('ATTENDEE')).toBeLessThan(names.lastIndexOf('BEGIN'))
        const summary = lines.find((line) => line.startsWith('SUMMARY:'))?.slice(8) ?? ''
        const plain = summary.replaceAll(/\\([\\;,n])/g, (_all, char: string) => (char === 'n' ? '\n' : char))
        expect(plain).toBe(`${name.replaceAll(/\r\n?/g, '\n')}: table for 4`)
        expect(lines.find((line) => line.startsWith('ORGANIZER'))).toMatch(
          /^ORGANIZER;CN="[^"]*":mailto:hi@osteria\.test$/,
        )
      }),
      { numRuns: 40 },
    )
  })
})

describe('R147 a feed', () => {
  test('has one entry for each party, and no more of a guest than it is given', () => {
    const entry = { ...booked, tables: ['4', '5'], phone_number: null }
    const body = feedOf('Osteria', [
      entry,
      { ...entry, id: id(8), status: 'pending', name: null, tables: [], phone_number: '+12125550199' },
    ])
    const calendar = convertIcsCalendar(undefined, body)
    expect(calendar).toMatchObject({ method: 'PUBLISH', name: 'Osteria' })
    expect(calendar.events).toMatchObject([
      { summary: 'Ana, 4', location: 'Table 4, 5', status: 'CONFIRMED' },
      { summary: 'No name, 4', status: 'TENTATIVE', description: '+12125550199' },
    ])
    expect(body).not.toContain('ana@example.com')
    expect(body).not.toContain('ABCDEF')
    expect(longest(body)).toBeLessThanOrEqual(75)
  })
})
