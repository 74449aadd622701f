import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alertsOf } from '../../src/floor/alerts-rules.ts'
import { boardOf } from '../../src/floor/board-rules.ts'
import type { FloorClaim, Party } from '../../src/floor/floor-schema.ts'
import { openMinutes } from '../../src/floor/history-rules.ts'
import { expectedEnd, knockOnMinutes, lateMinutes, overstayMinutes } from '../../src/floor/rules.ts'
import { suggestTables } from '../../src/floor/suggest-rules.ts'
import { halfHours, isBirthday, spanOf, timelineOf } from '../../src/floor/timeline-rules.ts'
import { decideWalkIn } from '../../src/floor/walk-in-rules.ts'
import { WalkIn } from '../../src/floor/schema.ts'
import { candidateTables } from '../../src/reservations/tables-rules.ts'
import { at, house, id, randomDate, randomHouse, table } from '../reservations/houses.ts'

const minute = 60_000
const noon = at('2027-06-15', '12:00')

function party(changes: Partial<Party> = {}): Party {
  return {
    id: id(900),
    confirmation_code: 'ABCDEF',
    status: 'confirmed',
    name: 'Ana',
    party_size: 2,
    starts_at: noon,
    ends_at: noon + 90 * minute,
    seated_at: null,
    completed_at: null,
    late_minutes: null,
    notes: null,
    other_info: null,
    source: 'api',
    version: 1,
    guest_id: null,
    vip: false,
    allergies: [],
    birthday: null,
    guest_notes: null,
    ...changes,
  }
}
function claimOf(n: number, who: Party, changes: Partial<FloorClaim> = {}): FloorClaim {
  const { starts_at, ends_at } = who
  return {
    table_id: id(n),
    kind: 'reservation',
    owner: who.id,
    starts_at,
    ends_at,
    party: who,
    reason: null,
    ...changes,
  }
}
const seated = (changes: Partial<Party> = {}): Party => party({ status: 'seated', seated_at: noon, ...changes })

describe('who is late, and who stays', () => {
  test('R110 late counts from its time, or the time it told of; never of who is here', () => {
    expect(lateMinutes(party(), noon + 7 * minute)).toBe(7)
    expect(lateMinutes(party({ late_minutes: 10 }), noon + 7 * minute)).toBe(0)
    expect(lateMinutes(party({ late_minutes: 10 }), noon + 17.9 * minute)).toBe(7)
    expect(lateMinutes(seated(), noon + 17 * minute)).toBe(0)
    expect(lateMinutes(party({ status: 'no_show' }), noon + 17 * minute)).toBe(0)
  })

  test('R111 R112 nobody is late and overstays at once; who leaves late hits the next by that much', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('held', 'pending', 'confirmed', 'seated', 'completed', 'no_show', 'cancelled'),
        fc.integer({ min: -300, max: 600 }),
        fc.integer({ min: 0, max: 60 }),
        (status, after, gap) => {
          const one = party({ status, seated_at: status === 'seated' ? noon : null })
          const now = noon + after * minute
          expect(lateMinutes(one, now) > 0 && overstayMinutes(one, now) > 0).toBe(false)
          const next = claimOf(1, party({ id: id(901), starts_at: one.ends_at + gap * minute }))
          const delay = knockOnMinutes(one, next, now)
          expect(delay).toBe(status === 'seated' ? Math.max(0, after - 90 - gap) : 0)
        },
      ),
    )
    expect(expectedEnd(seated({ seated_at: noon + 20 * minute }))).toBe(noon + 110 * minute)
    expect(expectedEnd(seated({ seated_at: noon - 20 * minute }))).toBe(noon + 90 * minute)
  })

  test('R112 the next party is offered only tables that are free for all of its time', () => {
    const restaurant = house({ tables: [table(1, 2), table(2, 2), table(3, 4)] })
    const ana = seated()
    const bo = party({ id: id(901), name: 'Bo', starts_at: ana.ends_at, ends_at: ana.ends_at + 90 * minute })
    const cyd = party({
      id: id(902),
      name: 'Cyd',
      starts_at: bo.starts_at + 60 * minute,
      ends_at: bo.ends_at + 60 * minute,
    })
    const claims = [claimOf(1, ana), claimOf(1, bo), claimOf(2, cyd)]
    const [alert] = alertsOf(restaurant, { claims, sessions: [], escalations: [] }, ana.ends_at + 5 * minute)
    expect(alert).toMatchObject({
      kind: 'overstay',
      urgent: true,
      minutes: 5,
      sentence: 'Ana, 2 at table 1: 5 minutes over its time. Bo has table 1 next.',
      knock_on: { name: 'Bo', minutes: 5, move_to: [{ tables: ['3'] }] },
    })
    const late = seated({ seated_at: noon + 25 * minute })
    const risk = alertsOf(
      restaurant,
      { claims: [claimOf(1, late), claimOf(1, bo)], sessions: [], escalations: [] },
      noon + 30 * minute,
    )
    expect(risk).toMatchObject([{ kind: 'turn_at_risk', minutes: 25, knock_on: { name: 'Bo' } }])
    const gone = alertsOf(
      restaurant,
      { claims: [claimOf(1, ana)], sessions: [], escalations: [] },
      ana.ends_at + 130 * minute,
    )
    expect(gone).toMatchObject([{ kind: 'forgotten', minutes: 130 }])
  })
})

describe('R107 where to sit', () => {
  const busyClaims = fc.array(
    fc.record({
      n: fc.integer({ min: 1, max: 8 }),
      from: fc.integer({ min: -180, max: 300 }),
      minutes: fc.integer({ min: 15, max: 180 }),
    }),
    { maxLength: 12 },
  )

  test('never a table that is taken, too small, too large for so few or elsewhere; the best of what is free first', () => {
    fc.assert(
      fc.property(
        randomHouse,
        randomDate,
        busyClaims,
        fc.integer({ min: 1, max: 10 }),
        (made, date, busy, party_size) => {
          const [opening] = spanOf(made, date).open
          if (!opening) return
          const starts_at = opening.starts_at
          const claims = busy.map(({ n, from, minutes }, i) => {
            const who = party({
              id: id(600 + i),
              starts_at: starts_at + from * minute,
              ends_at: starts_at + (from + minutes) * minute,
            })
            return claimOf(n, who)
          })
          const wish = { party_size, area: null, starts_at, minutes: 60 }
          const found = suggestTables(made, claims, wish, starts_at - 86_400_000)
          const may = candidateTables(made, { party_size, area: null, table_id: null })
          const buffer = made.settings.buffer_minutes
          for (const one of found) {
            expect(may.some((candidate) => candidate.table_ids.join() === one.table_ids.join())).toBe(true)
            const ends = starts_at + (one.minutes + (one.free_until === null ? 0 : buffer)) * minute
            const clash = claims.find(
              (claim) => one.table_ids.includes(claim.table_id) && claim.starts_at < ends && claim.ends_at > starts_at,
            )
            expect(clash).toBeUndefined()
            expect(one.minutes).toBeGreaterThanOrEqual(10)
            expect(one.whole_turn).toBe(one.minutes === 60)
          }
          const whole = found.filter((one) => one.whole_turn)
          expect(found.slice(0, whole.length)).toEqual(whole)
          const [best] = whole
          for (const one of whole)
            if (one.table_ids.length === best?.table_ids.length)
              expect(best.empty_seats).toBeLessThanOrEqual(one.empty_seats)
          // Whatever could have been had for the turn is offered.
          const free = may.filter((candidate) =>
            claims.every(
              (claim) =>
                !candidate.table_ids.includes(claim.table_id) ||
                claim.starts_at >= starts_at + (60 + buffer) * minute ||
                claim.ends_at <= starts_at,
            ),
          )
          if (opening.ends_at - starts_at >= 60 * minute) expect(whole).toHaveLength(free.length)
        },
      ),
    )
  })

  test('of equal tables the one that is left with the smaller gap', () => {
    const restaurant = house({ tables: [table(1, 2), table(2, 2)] })
    const next = party({ starts_at: noon + 95 * minute, ends_at: noon + 185 * minute })
    const found = suggestTables(
      restaurant,
      [claimOf(2, next)],
      { party_size: 2, area: null, starts_at: noon, minutes: 90 },
      noon,
    )
    expect(found.map((one) => one.tables)).toEqual([['2'], ['1']])
  })

  test('who sits past its claim has the table still', () => {
    const restaurant = house({ tables: [table(1, 2)] })
    const now = noon + 100 * minute
    const wish = { party_size: 2, area: null, starts_at: now, minutes: 90 }
    expect(suggestTables(restaurant, [claimOf(1, seated())], wish, now)).toEqual([])
    expect(suggestTables(restaurant, [claimOf(1, party())], wish, now)).toHaveLength(1)
  })
})

describe('R108 the timeline', () => {
  test('its half hours lie one after another from the first opening to the last closing, on any day', () => {
    fc.assert(
      fc.property(randomHouse, randomDate, (made, date) => {
        const span = spanOf(made, date)
        const slots = halfHours(span)
        expect(slots[0]?.starts_at).toBe(span.starts_at)
        expect(slots.at(-1)?.ends_at).toBe(span.ends_at)
        for (const [i, slot] of slots.entries()) {
          expect(slot.ends_at).toBeGreaterThan(slot.starts_at)
          if (i > 0) expect(slot.starts_at).toBe(slots[i - 1]?.ends_at)
        }
        const timeline = timelineOf(made, [], date, 0)
        for (const one of timeline.tables) {
          expect(one.slots).toHaveLength(timeline.slots.length)
          for (const [i, word] of one.slots.entries())
            expect(word).toBe(one.enabled && timeline.slots[i]?.open ? 'free' : 'unavailable')
        }
      }),
    )
  })

  test('the night the clocks go back has its hour twice, the night they go forward not at all', () => {
    const berlin = house({ timezone: 'Europe/Berlin', hours: [{ days: [6], opens: '22:00', closes: '04:00' }] })
    const times = (date: string): string =>
      timelineOf(berlin, [], date, 0)
        .slots.map((slot) => slot.time)
        .join(' ')
    expect(times('2027-10-30')).toBe(
      '22:00 22:30 23:00 23:30 00:00 00:30 01:00 01:30 02:00 02:30 02:00 02:30 03:00 03:30',
    )
    expect(times('2027-03-27')).toBe('22:00 22:30 23:00 23:30 00:00 00:30 01:00 01:30 03:00 03:30')
    expect(timelineOf(berlin, [], '2027-10-31', 0)).toMatchObject({ open: false })
    expect(timelineOf(berlin, [], '2027-10-31', 0).slots).toHaveLength(50)
  })

  test('who sits weighs more than a block, a block more than a booking; who left sat there', () => {
    const restaurant = house({ tables: [table(1, 2)] })
    const block: FloorClaim = { ...claimOf(1, party()), kind: 'block', owner: id(950), party: null }
    const words = (claims: FloorClaim[]): string =>
      timelineOf(restaurant, claims, '2027-06-15', noon).tables[0]?.slots.slice(2, 5).join(' ') ?? ''
    expect(words([claimOf(1, party()), block])).toBe('unavailable unavailable unavailable')
    expect(words([block, claimOf(1, seated({ ends_at: noon + 30 * minute }))])).toBe('occupied unavailable unavailable')
    const left = party({ status: 'completed', completed_at: noon + 40 * minute })
    expect(words([claimOf(1, left, { ends_at: noon + 40 * minute })])).toBe('occupied occupied free')
  })

  test('birthdays come each year, those of a leap day on the 28th', () => {
    expect(isBirthday('1990-06-15', '2027-06-15')).toBe(true)
    expect(isBirthday('1990-06-16', '2027-06-15')).toBe(false)
    expect(isBirthday('1992-02-29', '2027-02-28')).toBe(true)
    expect(isBirthday('1992-02-29', '2028-02-28')).toBe(false)
    expect(isBirthday('1992-02-29', '2028-02-29')).toBe(true)
  })
})

describe('R100 a walk-in', () => {
  test('is never seated past closing, at a table out of use, or without seats; pacing is dropped only where said', () => {
    fc.assert(
      fc.property(
        randomHouse,
        randomDate,
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: 1, max: 12 }),
        fc.option(fc.integer({ min: 10, max: 200 }), { nil: undefined }),
        fc.boolean(),
        (made, date, after, party_size, minutes, override_pacing) => {
          const now = spanOf(made, date).starts_at + after * minute
          const decision = decideWalkIn(WalkIn.parse({ party_size, minutes, override_pacing }), made, now)
          if (!('plan' in decision)) {
            if ('refusal' in decision && decision.refusal === 'past_closing')
              expect(decision.minutes ?? 0).toBeLessThan(minutes ?? 240)
            return
          }
          const { plan } = decision
          expect(plan.starts_at).toBe(now)
          if (minutes !== undefined) expect(plan.ends_at - now).toBe(minutes * minute)
          expect(plan.slot_starts_at).toBeLessThanOrEqual(now)
          expect(plan.slot_ends_at).toBeGreaterThan(now)
          expect(plan.max_covers).toBe(override_pacing ? null : made.settings.pacing.max_covers_per_slot)
          for (const ids of plan.candidates) {
            const tables = ids.map((one) => made.tables.find((known) => known.id === one))
            expect(tables.every((one) => one?.enabled)).toBe(true)
            expect(tables.reduce((sum, one) => sum + (one?.seats ?? 0), 0)).toBeGreaterThanOrEqual(party_size)
          }
        },
      ),
    )
  })
})

describe('R117 the board', () => {
  test('who sits there comes before who has it in the book', () => {
    const restaurant = house({ tables: [table(1, 2)] })
    const bo = party({ id: id(901), name: 'Bo', starts_at: noon + 90 * minute, ends_at: noon + 180 * minute })
    const floor = { claims: [claimOf(1, seated()), claimOf(1, bo)], sessions: [], escalations: [] }
    const now = noon + 95 * minute
    expect(boardOf(restaurant, floor, now, true)).toMatchObject([
      { status: 'occupied', party: { name: 'Ana', overstay_minutes: 5 }, next: { name: 'Bo', minutes_until: -5 } },
    ])
    expect(boardOf(restaurant, floor, now, false)).toMatchObject([{ status: 'reserved', party: { name: 'Bo' } }])
  })
})

describe('R115 use', () => {
  test('open minutes go by instants: an hour more or less where the clocks change', () => {
    const nights = house({
      timezone: 'Europe/Berlin',
      hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '22:00', closes: '04:00' }],
    })
    expect(openMinutes(nights, '2027-06-15', '2027-06-16')).toBe(720)
    expect(openMinutes(nights, '2027-10-30', '2027-10-30')).toBe(420)
    expect(openMinutes(nights, '2027-03-27', '2027-03-27')).toBe(300)
  })
})
