import type pg from 'pg'
import * as z from 'zod'
import { openDb } from '../../src/platform/db.ts'
import { openRestaurant } from '../../src/restaurants/create.ts'
import { NewRestaurant, Restaurant } from '../../src/restaurants/schema.ts'
import { nowhere } from './nowhere.ts'

const sizes = [...many(10, 2), ...many(12, 4), ...many(5, 6), ...many(3, 8)]

/** The room of every bench: 30 tables, everybody stays 90 minutes, booked up to three years ahead. */
export const room = {
  name: 'Bench',
  timezone: 'Asia/Singapore',
  country: 'SG',
  currency: 'SGD',
  settings: { slot_minutes: 15, horizon_days: 1095, turn_rules: [{ max_party: 1000, minutes: 90 }] },
  hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '11:00', closes: '23:00' }],
  tables: tablesOf(sizes),
}

/** Opens one such restaurant by way of the Neon stand-in, without a Worker. */
export async function openRoom(where: Where, slug: string, seats: number[] = sizes): Promise<Restaurant> {
  const db = openDb(where.database_url, new URL(where.control_origin).host)
  const key = crypto.randomUUID()
  const actor = { kind: 'key' as const, id: key, name: 'Bench', scopes: [] }
  const ctx = { ...nowhere, db, now: Date.now(), request_id: 'bench', actor, after: () => {} }
  const input = NewRestaurant.parse({ ...room, slug, tables: tablesOf(seats) })
  const made = await openRestaurant(ctx, input, { key, fingerprint: '' })
  return made.restaurant
}

export type Where = { database_url: string; control_origin: string }

/** So many more with the same hours and tables, in one statement. */
export async function copyRoom(client: pg.ClientBase, original: string, copies: number): Promise<Restaurant[]> {
  await client.query(
    `with made as (
       insert into restaurants (slug, name, timezone, country, currency, settings, hours)
       select r.slug || '-' || n, r.name, r.timezone, r.country, r.currency, r.settings, r.hours
         from restaurants r, generate_series(1, $2::int) n where r.id = $1
       returning id, slug)
     insert into tables (restaurant_id, number, seats)
     select m.id, t.number, t.seats from made m, tables t where t.restaurant_id = $1`,
    [original, copies],
  )
  const found = await client.query(
    `select restaurant_json(c, current_date) as restaurant
       from restaurants r join restaurants c on c.slug like r.slug || '-%' where r.id = $1 order by c.lock_no`,
    [original],
  )
  return z
    .array(z.object({ restaurant: Restaurant }))
    .parse(found.rows)
    .map((row) => row.restaurant)
}

function tablesOf(seats: number[]): { number: string; seats: number }[] {
  return seats.map((one, at) => ({ number: String(at + 1), seats: one }))
}

function many(count: number, seats: number): number[] {
  return Array.from({ length: count }, () => seats)
}
