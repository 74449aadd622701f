import type pg from 'pg'
import { withClient } from './stack.ts'

export type History = {
  /** Of a superuser, in the database that is filled: only one may leave foreign keys unchecked. */
  superuser_url: string
  /** Restaurants with tables; the past is spread over all of them evenly. */
  restaurants: string[]
  /** How many there are already, and how many there shall be. */
  from: number
  to: number
}

/** A day and restaurant, as a room of 30 tables has them on a good evening. */
const reservations_a_day = 75
const chunk = 10_000

/**
 * Fills the past, day by day back from yesterday: what came and went, still blocking, since that is how it stays in the
 * indexes where nobody says that the party left. Indexes and the exclusion constraint are made again over what is
 * there, which is many times faster than row by row, and checks no less.
 */
export async function fillHistory({ superuser_url, restaurants, from, to }: History): Promise<void> {
  await withClient(superuser_url, async (client) => {
    // Foreign keys are triggers, which a replica does not fire.
    await client.query(
      `set session_replication_role = replica; set maintenance_work_mem = '1GB'; set work_mem = '256MB'`,
    )
    const later = [...(await indexesOf(client, 'claims')), ...(await indexesOf(client, 'reservations'))]
    for (const { drop } of later) await client.query(drop)
    const until = Math.ceil(to / restaurants.length)
    for (let k = Math.ceil(from / restaurants.length); k < until; k += chunk) {
      await client.query(insertPast, [restaurants, k, Math.min(k + chunk, until) - 1, reservations_a_day])
    }
    for (const { make } of later) await client.query(make)
    await client.query('vacuum analyze claims')
    await client.query('vacuum analyze reservations')
  })
}

/** All but the primary key, which others refer to. */
async function indexesOf(client: pg.Client, table: string): Promise<{ drop: string; make: string }[]> {
  const constraints = await client.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition
       from pg_constraint where conrelid = $1::regclass and contype in ('u', 'x')`,
    [table],
  )
  const indexes = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
       from pg_index i
      where indrelid = $1::regclass and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`,
    [table],
  )
  return [
    ...constraints.rows.map(({ name, definition }) => ({
      drop: `alter table ${table} drop constraint ${name}`,
      make: `alter table ${table} add constraint ${name} ${definition}`,
    })),
    ...indexes.rows.map(({ name, definition }) => ({ drop: `drop index ${name}`, make: definition })),
  ]
}

/**
 * The k-th reservation of a restaurant, counted back from yesterday's last: table k mod 30 of its day, one turn of 90
 * minutes after the other from 17:00, so that none overlap. One phone in a thousand comes again and again.
 */
const insertPast = `
  with rooms as materialized (
    select r.id, r.timezone, array(select t.id from tables t where t.restaurant_id = r.id order by t.number, t.id) as tables
      from restaurants r where r.id = any ($1::uuid[])),
  past as (
    insert into reservations (restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at,
        table_ids, name, phone_number, source, created_at, updated_at)
    select m.id, 'H' || translate(lpad(upper(to_hex(k)), 5, '0'), '01', 'GH'), 'completed', 1 + k % 8, day, starts_at,
           starts_at + interval '90 min', array[m.tables[1 + place % cardinality(m.tables)]], 'Party ' || k,
           '+65' || (80000000 + k % 1000), 'api', starts_at - interval '7 days', starts_at
      from generate_series($2::int, $3::int) k
     cross join rooms m
     cross join lateral (select k % $4::int as place, current_date - 1 - k / $4::int as day) d
     cross join lateral (
       select (day + time '17:00' + place / cardinality(m.tables) * interval '90 min') at time zone m.timezone as starts_at) s
    returning id, restaurant_id, service_day, table_ids, starts_at, ends_at, party_size)
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner, covers)
  select restaurant_id, service_day, table_ids[1], tstzrange(starts_at, ends_at), 'reservation', id, party_size from past`
