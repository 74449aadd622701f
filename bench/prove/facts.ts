import * as z from 'zod'
import type { Arena } from './arena.ts'

const Ids = z.array(z.string())
const Reservation = z.object({
  id: z.string(),
  house: z.string(),
  status: z.string(),
  party: z.int(),
  from: z.number(),
  until: z.number(),
  table_ids: Ids,
  version: z.int(),
  cancel_reason: z.string().nullable(),
  hold_expires_at: z.number().nullable(),
})
const Claim = z.object({
  house: z.string(),
  owner: z.string(),
  table_id: z.string(),
  from: z.number(),
  until: z.number(),
})
const Event = z.object({ house: z.string(), subject: z.string(), type: z.string(), key: z.string(), version: z.int() })
const Denied = z.object({ house: z.string(), key: z.string(), reason: z.string() })

/** What is in the database when all is quiet again. Instants in milliseconds; `until` with the buffer. */
export type Facts = {
  reservations: z.output<typeof Reservation>[]
  /** Those that block. */
  claims: z.output<typeof Claim>[]
  events: z.output<typeof Event>[]
  denied: z.output<typeof Denied>[]
  /** Pairs of claims on one table at one moment. */
  overlaps: unknown[]
  /** Claims that whoever looks for them by their service day would not find. */
  astray: unknown[]
}

const ms = (instant: string): string => `(extract(epoch from ${instant}) * 1000)::float8`

export async function readFacts(arena: Arena, houseIds: string[]): Promise<Facts> {
  const ask = (text: string): Promise<unknown> => arena.sql(text, [houseIds])
  return {
    reservations: z.array(Reservation).parse(
      await ask(`
        select id, restaurant_id as house, status, party_size as party, ${ms('starts_at')} as "from",
               ${ms('ends_at + make_interval(mins => buffer_minutes)')} as until, table_ids, version, cancel_reason,
               ${ms('hold_expires_at')} as hold_expires_at
          from reservations where restaurant_id = any($1)`),
    ),
    claims: z.array(Claim).parse(
      await ask(`
        select restaurant_id as house, owner, table_id, ${ms('lower(during)')} as "from", ${ms('upper(during)')} as until
          from claims where restaurant_id = any($1) and blocking`),
    ),
    events: z.array(Event).parse(
      await ask(`
        select restaurant_id as house, subject_id as subject, type, request_id as key,
               coalesce((after->>'version')::int, 0) as version
          from events where restaurant_id = any($1) order by id`),
    ),
    denied: z.array(Denied).parse(
      await ask(`
        select restaurant_id as house, request_id as key, reason
          from denied_requests where restaurant_id = any($1)`),
    ),
    overlaps: z.array(z.unknown()).parse(
      await ask(`
        select a.restaurant_id, a.table_id, a.during as one, a.owner as one_owner, b.during as other, b.owner as other_owner
          from claims a
          join claims b on a.table_id = b.table_id and a.ctid < b.ctid and a.during && b.during
         where a.restaurant_id = any($1) and a.blocking and b.blocking`),
    ),
    // Readers look from the service day before theirs on, and by local dates: from five to the midnight after.
    astray: z.array(z.unknown()).parse(
      await ask(`
        select c.*, x.timezone
          from claims c
          join restaurants x on x.id = c.restaurant_id
         where c.restaurant_id = any($1) and c.blocking
           and (c.service_day <> service_day(lower(c.during), x.timezone)
                or upper(c.during) > (c.service_day + 1 + time '05:00') at time zone x.timezone
                   and upper(c.during) - lower(c.during) > interval '18 hours')`),
    ),
  }
}
