import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { dice } from '../../local/demo/dice.ts'
import { addDays, instantOf } from '../../src/platform/time.ts'
import type { House } from '../factories.ts'

/** A row of reservations, as much of it as figures are made of. Times in milliseconds. */
export type Party = {
  id: string
  day: string
  status: 'held' | 'pending' | 'confirmed' | 'seated' | 'completed' | 'cancelled' | 'no_show'
  cancel_reason: string | null
  party_size: number
  source: string
  starts_at: number
  ends_at: number
  seated_at: number | null
  completed_at: number | null
  cancelled_at: number | null
  created_at: number
  guest: number | null
  name: string | null
  table_ids: string[]
}

const statuses = [
  'completed',
  'completed',
  'completed',
  'completed',
  'cancelled',
  'no_show',
  'seated',
  'confirmed',
] as const

/** Parties drawn at random on each of these service days, from five in the morning to five: some at 02:30, some early. */
export function drawParties(house: House, days: string[], seed: number, aDay: number): Party[] {
  const roll = dice(seed)
  return days.flatMap((day) =>
    Array.from({ length: aDay }, (): Party => {
      const minute = 300 + Math.floor(roll.next() * 1440)
      const found = instantOf(day, minute - (minute % 5), house.timezone)
      const starts_at = found.kind === 'gap' ? Date.parse(`${day}T12:00:00Z`) : found.at
      const status = roll.pick(statuses)
      const lapsed = roll.next() < 0.05
      const table = roll.pick(house.tables)
      const other = roll.pick(house.tables)
      const seated_at =
        status === 'seated' || status === 'completed' ? starts_at + Math.floor(roll.next() * 40 - 10) * 60_000 : null
      return {
        id: randomUUID(),
        day,
        status: lapsed ? 'cancelled' : status,
        cancel_reason: lapsed ? 'hold_lapsed' : status === 'cancelled' ? 'asked' : null,
        party_size: 1 + Math.floor(roll.next() * 11),
        source: roll.pick(['web', 'phone', 'voice', 'walk_in']),
        starts_at,
        ends_at: starts_at + roll.pick([75, 90, 105, 120]) * 60_000,
        seated_at: lapsed ? null : seated_at,
        completed_at:
          !lapsed && status === 'completed' && seated_at !== null
            ? seated_at + Math.floor(20 + roll.next() * 170) * 60_000 + Math.floor(roll.next() * 60) * 1000
            : null,
        cancelled_at: lapsed || status === 'cancelled' ? starts_at - Math.floor(roll.next() * 5 * 86_400_000) : null,
        created_at:
          starts_at - Math.floor(roll.next() ** 2 * 60 * 86_400_000) - 5 * 86_400_000 * Number(roll.next() < 0.5),
        guest: roll.next() < 0.8 ? Math.floor(roll.next() * 40) : null,
        name: lapsed ? null : 'Somebody',
        table_ids: roll.next() < 0.15 && other.id !== table.id ? [table.id, other.id] : [table.id],
      }
    }),
  )
}

const at = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

export async function insertParties(client: pg.Client, house: House, parties: Party[]): Promise<string[]> {
  const guests = Array.from({ length: 40 }, () => randomUUID())
  await client.query(
    `insert into guests (id, restaurant_id, name, email, created_at, updated_at)
     select g, $2, 'Guest', g || '@x.test', now(), now() from unnest($1::uuid[]) g`,
    [guests, house.id],
  )
  const rows = parties.map((one, i) => ({
    ...one,
    restaurant_id: house.id,
    confirmation_code: code(i),
    service_day: one.day,
    buffer_minutes: 0,
    guest_id: one.guest === null ? null : guests[one.guest],
    starts_at: at(one.starts_at),
    ends_at: at(one.ends_at),
    seated_at: at(one.seated_at),
    completed_at: at(one.completed_at),
    cancelled_at: at(one.cancelled_at),
    created_at: at(one.created_at),
    updated_at: at(one.created_at),
    version: 1,
  }))
  for (let from = 0; from < rows.length; from += 2_000) {
    await client.query(
      `insert into reservations (${columns}) select ${columns} from jsonb_populate_recordset(null::reservations, $1::jsonb)`,
      [JSON.stringify(rows.slice(from, from + 2_000))],
    )
  }
  return guests
}

const columns = `id, restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at, buffer_minutes,
  table_ids, guest_id, name, source, cancel_reason, seated_at, completed_at, cancelled_at, version, created_at, updated_at`

/** Counts in the letters and digits of a confirmation code. */
function code(n: number): string {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
  const places = [4, 3, 2, 1, 0].map((place) => letters[Math.floor(n / 24 ** place) % 24])
  return `Z${places.join('')}`
}

export const daysUntil = (last: string, n: number): string[] =>
  Array.from({ length: n }, (_, i) => addDays(last, i - n + 1))
