import * as z from 'zod'
import type { ReplayHouse } from './houses.ts'
import type { Ask } from './requests.ts'
import type { Finding, Tally } from './tally.ts'
import { isoOfWall, wallOfInstant, wallOfText } from './wall.ts'

const Booked = z.object({
  success: z.literal(true),
  data: z.object({
    starts_at: z.string(),
    ends_at: z.string(),
    party_size: z.int(),
    tables: z.array(z.object({ id: z.string(), seats: z.int() })).min(1),
  }),
})
const Refused = z.object({
  code: z.string(),
  alternatives: z.array(z.object({ date: z.string(), time: z.string() })).default([]),
})

export type Outcome = { booked: true } | { booked: false; code: string }

/** Makes one request as of the moment it was really made, has the answer judged, and counts it. */
export async function askOnce(house: ReplayHouse, ask: Ask, tally: Tally): Promise<{ outcome: Outcome; ms: number }> {
  const began = performance.now()
  const answer = await house
    .call(
      'POST',
      '/reservations',
      { date: isoOfWall(ask.visit), guests: ask.party_size },
      { 'x-tableside-now': isoOfWall(ask.now), 'idempotency-key': `replay-${ask.line}` },
    )
    .catch((error: unknown) => ({ status: 0, body: { code: 'no_answer', detail: String(error) } }))
  const ms = performance.now() - began
  tally.requests += 1
  tally.covers_asked += ask.party_size
  const outcome =
    answer.status === 201 ? tallyBooking(house, ask, tally, answer.body) : tallyRefusal(house, ask, tally, answer)
  return { outcome, ms }
}

function tallyBooking(house: ReplayHouse, ask: Ask, tally: Tally, body: unknown): Outcome {
  const read = Booked.safeParse(body)
  if (!read.success) {
    find(tally, [{ kind: 'misbooking', line: ask.line, says: '201 without a reservation in it' }])
    return { booked: false, code: 'unreadable' }
  }
  const { data } = read.data
  const booking = {
    starts: wallOfInstant(data.starts_at),
    ends: wallOfInstant(data.ends_at),
    party_size: data.party_size,
    table_ids: data.tables.map((table) => table.id),
  }
  const seats = data.tables.reduce((sum, table) => sum + table.seats, 0)
  tally.booked += 1
  tally.covers_booked += ask.party_size
  tally.seats_given += seats
  tally.seat_minutes += seats * (booking.ends - booking.starts)
  find(tally, house.oracle.booked(ask, booking))
  return { booked: true }
}

function tallyRefusal(house: ReplayHouse, ask: Ask, tally: Tally, answer: { status: number; body: unknown }): Outcome {
  const read = Refused.safeParse(answer.body)
  const { code, alternatives } = read.success ? read.data : { code: `status_${answer.status}`, alternatives: [] }
  tally.refused.set(code, (tally.refused.get(code) ?? 0) + 1)
  if (answer.status >= 500 || answer.status === 0) {
    tally.server_errors += 1
    find(tally, [{ kind: 'server_error', line: ask.line, says: `${answer.status} ${code}` }])
    return { booked: false, code }
  }
  find(tally, house.oracle.refused(ask, code))
  for (const { date, time } of alternatives) {
    tally.offers += 1
    const visit = wallOfText(`${date}T${time}`)
    if (visit !== null) find(tally, house.oracle.offered(ask, visit))
  }
  return { booked: false, code }
}

function find(tally: Tally, faults: Omit<Finding, 'restaurant'>[]): void {
  tally.findings.push(...faults.map((fault) => ({ ...fault, restaurant: tally.restaurant })))
}
