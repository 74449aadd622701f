import { daysAhead, type House, type Where, withDatabase } from '../factories.ts'
import { bookAs, openLine } from './lines.ts'

/**
 * The same requests for every door. A door's test opens a call for `caller_phone` at the house of `conformanceHouse`,
 * asks each step in order in the case's own call, and compares the end: `ok` or the code of the refusal, parts of the
 * output, and what Postgres holds then. `{commit_token}` stands for that of the step before.
 */
export type ConformanceStep = {
  operation: string
  input: Record<string, unknown>
  /** `ok`, or the code of the problem. */
  end: string
  output?: Record<string, unknown>
}
export type ConformanceCase = {
  name: string
  caller_phone: string | null
  steps: ConformanceStep[]
  /** Of the caller's bookings at the case's date, once all was said; null: nothing is looked at. */
  reservations: { status: string; party_size: number; name: string | null }[] | null
  date: string
}

export const anasPhone = '+6598207272'
const strangersPhone = '+6591112222'
const day = daysAhead
const commit_token = '{commit_token}'

const bookFor = (date: string): Record<string, unknown> => ({ date, time: '19:00', party_size: 2, name: 'Ana Garcia' })

/** Each case has a date of its own, so that one call's end is not another's. */
export const conformanceCases: ConformanceCase[] = [
  {
    name: 'a free table is found',
    caller_phone: anasPhone,
    date: day(20),
    steps: [
      {
        operation: 'check_availability',
        input: { date: day(20), time: '19:00', party_size: 2 },
        end: 'ok',
        output: { available: true, reason: null },
      },
    ],
    reservations: null,
  },
  {
    name: 'a time before opening is explained',
    caller_phone: anasPhone,
    date: day(20),
    steps: [
      {
        operation: 'explain_unavailable',
        input: { date: day(20), time: '04:00', party_size: 2 },
        end: 'ok',
        output: { bookable: false, rules: ['closed'] },
      },
      { operation: 'hold_table', input: { date: day(20), time: '04:00', party_size: 2 }, end: 'closed' },
    ],
    reservations: null,
  },
  {
    name: 'booked in two steps, once',
    caller_phone: anasPhone,
    date: day(21),
    steps: [
      { operation: 'make_reservation', input: bookFor(day(21)), end: 'ok', output: { status: 'prepared' } },
      {
        operation: 'make_reservation',
        input: { ...bookFor(day(21)), commit_token },
        end: 'ok',
        output: { status: 'booked', reservation: { party_size: 2, name: 'Ana Garcia', status: 'confirmed' } },
      },
      {
        operation: 'make_reservation',
        input: { ...bookFor(day(21)), commit_token },
        end: 'ok',
        output: { status: 'booked', reservation: { party_size: 2, name: 'Ana Garcia', status: 'confirmed' } },
      },
    ],
    reservations: [{ status: 'confirmed', party_size: 2, name: 'Ana Garcia' }],
  },
  {
    name: 'another field than was read back books nothing',
    caller_phone: anasPhone,
    date: day(22),
    steps: [
      { operation: 'make_reservation', input: bookFor(day(22)), end: 'ok', output: { status: 'prepared' } },
      {
        operation: 'make_reservation',
        input: { ...bookFor(day(22)), party_size: 6, commit_token },
        end: 'commit_mismatch',
      },
    ],
    reservations: [{ status: 'held', party_size: 6, name: null }],
  },
  {
    name: 'what was made in the call is changed and cancelled in it',
    caller_phone: anasPhone,
    date: day(23),
    steps: [
      { operation: 'make_reservation', input: bookFor(day(23)), end: 'ok' },
      { operation: 'make_reservation', input: { ...bookFor(day(23)), commit_token }, end: 'ok' },
      {
        operation: 'change_reservation',
        input: { name: 'Ana Garcia', date: day(23), new_time: '20:00', new_party_size: 4 },
        end: 'ok',
        output: { status: 'prepared' },
      },
      {
        operation: 'change_reservation',
        input: { name: 'Ana Garcia', date: day(23), new_time: '20:00', new_party_size: 4, commit_token },
        end: 'ok',
        output: { status: 'changed', reservation: { time: '20:00', party_size: 4 } },
      },
      { operation: 'mark_late', input: { name: 'Ana Garcia', date: day(23), minutes: 20 }, end: 'ok' },
      { operation: 'cancel_reservation', input: { name: 'Ana Garcia', date: day(23) }, end: 'ok' },
      {
        operation: 'cancel_reservation',
        input: { name: 'Ana Garcia', date: day(23), commit_token },
        end: 'ok',
        output: { status: 'cancelled' },
      },
    ],
    reservations: [{ status: 'cancelled', party_size: 4, name: 'Ana Garcia' }],
  },
  {
    name: 'the number and the right name find a booking; nothing is told before',
    caller_phone: anasPhone,
    date: day(24),
    steps: [
      { operation: 'find_reservation', input: { date: day(24) }, end: 'name_required' },
      { operation: 'find_reservation', input: { date: day(24), name: 'Boris' }, end: 'not_found' },
      {
        operation: 'find_reservation',
        input: { date: day(24), name: 'anna garcia' },
        end: 'ok',
        output: { reservations: [{ party_size: 2, time: '18:00' }] },
      },
    ],
    reservations: [{ status: 'confirmed', party_size: 2, name: 'Ana Garcia' }],
  },
  {
    name: 'a stranger learns nothing, whatever is said',
    caller_phone: strangersPhone,
    date: day(24),
    steps: [
      { operation: 'find_reservation', input: { name: 'Ana Garcia' }, end: 'not_found' },
      { operation: 'cancel_reservation', input: { name: 'Ana Garcia', date: day(24) }, end: 'not_found' },
      { operation: 'change_reservation', input: { name: 'Ana Garcia', new_time: '21:00' }, end: 'not_found' },
      { operation: 'find_reservation', input: { name: 'Ana Garcia' }, end: 'lookups_spent' },
    ],
    reservations: null,
  },
  {
    name: 'what is not right is said to be so',
    caller_phone: anasPhone,
    date: day(20),
    steps: [
      { operation: 'check_availability', input: { date: 'Friday', party_size: 2 }, end: 'validation_failed' },
      {
        operation: 'check_availability',
        input: { date: day(20), party_size: 2, colour: 'red' },
        end: 'validation_failed',
      },
      { operation: 'change_reservation', input: { name: 'Ana Garcia' }, end: 'nothing_to_change' },
      { operation: 'order_pizza', input: {}, end: 'not_found' },
    ],
    reservations: null,
  },
  {
    name: 'the house, its menu, and a person',
    caller_phone: anasPhone,
    date: day(20),
    steps: [
      {
        operation: 'restaurant_info',
        input: { topic: 'hours', date: day(20) },
        end: 'ok',
        output: { openings: [{ opens: '11:00', closes: '23:00' }] },
      },
      {
        operation: 'menu_info',
        input: { query: 'laksa' },
        end: 'ok',
        output: { items: [{ name: 'Laksa', allergens: ['crustaceans'] }] },
      },
      {
        operation: 'escalate',
        input: { reason: 'asked_for_person', urgency: 'normal', summary: 'Wants the manager' },
        end: 'ok',
        output: { urgency: 'normal' },
      },
    ],
    reservations: null,
  },
]

/** Where the cases are true: six seats at one table, twos at two, a menu, and Ana's booking of day 24. */
export async function conformanceHouse(where: Where): Promise<House> {
  const house = await openLine(where)
  await house.call('PUT', '/menu', {
    categories: [
      {
        name: 'Mains',
        items: [
          { name: 'Laksa', price_minor: 1450, allergens: ['crustaceans'] },
          { name: 'Green curry', price_minor: 1300, diets: ['vegan'] },
        ],
      },
    ],
  })
  await bookAs(house, { name: 'Ana Garcia', phone_number: anasPhone }, day(24), '18:00')
  return house
}

/** What Postgres holds of a house on a local date, in the order it was made. */
export async function bookedOn(where: Where, house: House, date: string): Promise<Record<string, unknown>[]> {
  const statement = `
    select r.status, r.party_size, r.name
      from reservations r
     where r.restaurant_id = $1 and (r.starts_at at time zone $2)::date = $3
     order by r.id`
  return withDatabase(where, async (client) => (await client.query(statement, [house.id, house.timezone, date])).rows)
}

/** The input of a step, with the token that the step before was given. */
export function inputOf(step: ConformanceStep, token: unknown): Record<string, unknown> {
  return step.input['commit_token'] === commit_token ? { ...step.input, commit_token: token } : step.input
}
