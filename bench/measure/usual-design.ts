import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import * as z from 'zod'
import type { Party } from './parties.ts'

/**
 * How it is usually done: one SERIALIZABLE transaction that reads what is free, decides, inserts, and is run again where
 * it could not be serialized. The schema is the plain one that goes with it: tables, reservations, a log.
 */
export const usualSchema = `
  create table usual_tables (id int primary key, restaurant_id int not null, seats int not null);
  create index on usual_tables (restaurant_id);
  create table usual_reservations (
    id bigint generated always as identity primary key,
    restaurant_id int not null, table_id int not null references usual_tables, date date not null,
    starts_at timestamptz not null, ends_at timestamptz not null, party_size int not null,
    name text not null, phone text not null);
  create index on usual_reservations (restaurant_id, date);
  create index on usual_reservations (table_id, starts_at);
  create table usual_log (id bigint generated always as identity primary key, at timestamptz, what text)`

/** Tables of these sizes for a restaurant. */
export const usualTables = `
  insert into usual_tables (id, restaurant_id, seats)
  select $1 * 1000 + n, $1, seats from unnest($2::int[]) with ordinality s(seats, n)`

export const readRestaurant = 'select id, seats from usual_tables where restaurant_id = $1 order by seats, id'
export const readFree = `
  select t.id from usual_tables t
   where t.restaurant_id = $1 and t.seats >= $4
     and not exists (select from usual_reservations r
                      where r.table_id = t.id and r.starts_at < $3::timestamptz and r.ends_at > $2::timestamptz)
   order by t.seats, t.id limit 1`
export const insertReservation = `
  insert into usual_reservations (restaurant_id, table_id, date, starts_at, ends_at, party_size, name, phone)
  values ($1, $2, ($3::timestamptz)::date, $3, $4, $5, $6, $7) returning id`
export const insertLog = `insert into usual_log (at, what) values (now(), $1)`

export type Wish = { restaurant: number; starts_at: string; ends_at: string; party_size: number }

const iso = (at: number): string => new Date(at).toISOString()

/** The same party, as this design is asked. */
export function wishOf(restaurant: number, party: Party): Wish {
  const starts = Date.parse(`${party.reservation_date}T${party.reservation_time}:00+08:00`)
  return { restaurant, starts_at: iso(starts), ends_at: iso(starts + 90 * 60_000), party_size: party.party_size }
}

const FreeTable = z.array(z.object({ id: z.int() }))

/** Tries again up to so many times, after a wait that grows, with full jitter. */
export async function bookAsUsual(client: pg.ClientBase, wish: Wish, tries: number): Promise<string> {
  const { restaurant, starts_at, ends_at, party_size } = wish
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query('begin isolation level serializable')
      const found = await ask(client, 'free', readFree, [restaurant, starts_at, ends_at, party_size])
      const [table] = FreeTable.parse(found.rows)
      if (table) {
        const values = [restaurant, table.id, starts_at, ends_at, party_size, 'Party', '+6580000000']
        await ask(client, 'insert', insertReservation, values)
        await ask(client, 'log', insertLog, ['reservation.booked'])
      }
      await client.query('commit')
      return table ? 'booked' : 'refused'
    } catch (error) {
      await client.query('rollback')
      if (!isTransient(error)) throw error
      if (attempt === tries) return 'gave up'
      await sleep(Math.random() * 5 * 2 ** attempt)
    }
  }
}

function ask(client: pg.ClientBase, name: string, text: string, values: unknown[]): Promise<pg.QueryResult> {
  return client.query({ name, text, values })
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '40001' || error.code === '40P01')
}
