import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dataOf, endsOf, longestData, renderEvent } from '../../src/floor/feed-rules.ts'
import { FeedEvent, type StoredEvent } from '../../src/floor/feed-schema.ts'
import { numbered } from '../../src/floor/feed-store.ts'

const event = (type: string, after: StoredEvent['after']): StoredEvent => ({
  type,
  subject_id: '01980000-0000-7000-8000-000000000001',
  at: '2026-12-01T12:00:00Z',
  actor: { kind: 'cron' },
  request_id: 'r',
  after,
})

describe('R97: what a console sees of an event', () => {
  test('with guests:read all of it; without, not how to reach a guest, however deep it is', () => {
    const after = {
      name: 'Ana',
      phone_number: '+65',
      party: { email: 'a@b', notes: 'quiet', people: [{ phone: '1' }] },
    }
    expect(dataOf(event('reservation.changed', after), 'full')).toEqual(after)
    expect(dataOf(event('reservation.changed', after), 'plain')).toEqual({
      name: 'Ana',
      party: { notes: 'quiet', people: [{}] },
    })
    expect(dataOf(event('call.started', { caller_phone: '+65', outcome: null }), 'plain')).toEqual({ outcome: null })
    expect(dataOf(event('guest.changed', { name: 'Ana' }), 'plain')).toBeNull()
    expect(dataOf(event('guest.changed', { name: 'Ana' }), 'full')).toEqual({ name: 'Ana' })
  })

  test('of keys, staff, tills and what is not known yet only that it happened; secrets never', () => {
    for (const type of ['key.issued', 'staff.invited', 'integration.changed', 'daily_pass.rotated', 'moon.landed'])
      expect(dataOf(event(type, { name: 'x' }), 'full')).toBeNull()
    expect(dataOf(event('member.joined', { nickname: 'Bo', jti: 'j', device_hash: 'h' }), 'full')).toEqual({
      nickname: 'Bo',
    })
  })

  test('at most 4 KB of it: first the long parts go, then all', () => {
    const long = {
      id: '1',
      status: 'seated',
      notes: 'ü'.repeat(3_000),
      lines: Array.from({ length: 300 }, (_n, n) => n),
    }
    expect(dataOf(event('order.placed', long), 'full')).toEqual({ id: '1', status: 'seated' })
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_none, n) => [`column_${n}`, 'some text']))
    expect(dataOf(event('order.placed', wide), 'full')).toBeNull()
  })

  test('whatever the thing is: never longer, never personal, always a message of the schema', () => {
    const value = fc.jsonValue({ maxDepth: 4 })
    const thing = fc.dictionary(fc.constantFrom('name', 'phone', 'guest', 'email', 'party', 'token', 'notes'), value)
    fc.assert(
      fc.property(thing, fc.integer({ min: 1 }), (after, seq) => {
        const stored = event('reservation.booked', JSON.parse(JSON.stringify(after)))
        const rendered = renderEvent(stored)
        for (const sees of ['full', 'plain'] as const) {
          const said = FeedEvent.parse(JSON.parse(numbered(seq, rendered, sees)))
          expect(said).toMatchObject({ type: 'event', seq, event: 'reservation.booked' })
          expect(said.data).toEqual(dataOf(stored, sees))
          expect(new TextEncoder().encode(JSON.stringify(said.data)).length).toBeLessThanOrEqual(longestData)
          expect(namesIn(said.data)).not.toContain('token')
          if (sees === 'plain') expect(namesIn(said.data)).not.toContain('phone')
        }
      }),
    )
  })
})

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [...(Array.isArray(value) ? [] : [name]), ...namesIn(inner)])
}

test('R98: whose consoles an event ends', () => {
  const { subject_id } = event('', null)
  expect(endsOf(event('key.revoked', {}))).toBe(`key:${subject_id}`)
  for (const type of ['staff.changed', 'staff.removed', 'staff.signed_out_everywhere', 'staff.password_changed'])
    expect(endsOf(event(type, null))).toBe(`staff:${subject_id}`)
  expect(endsOf(event('staff.signed_out', { session_id: 's' }))).toBe('sid:s')
  expect(endsOf(event('staff.refresh_reused', { session_id: 's' }))).toBe('sid:s')
  for (const type of ['staff.signed_in', 'key.issued', 'session.closed', 'reservation.booked'])
    expect(endsOf(event(type, { session_id: 's' }))).toBeNull()
})
