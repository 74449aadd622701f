import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { ReservationRow } from '../reservations/schema.ts'
import type { PhoneSearch } from './rules.ts'
import { GuestRow } from './schema.ts'

/** What a writing function in the migrations answered. */
export const GuestAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['created', 'changed', 'deleted', 'merged', 'stale']), guest: GuestRow }),
  z.object({ outcome: z.literal('already_exists'), guest: GuestRow, by: z.enum(['phone', 'email']) }),
  z.object({ outcome: z.literal('has_upcoming'), guest: GuestRow, upcoming: z.array(z.string()) }),
  z.object({ outcome: z.enum(['not_found', 'contact_required']) }),
])
export type GuestAnswer = z.infer<typeof GuestAnswer>

export type GuestVerb = 'create_guest' | 'change_guest' | 'delete_guest' | 'merge_guests'

/** One call of a writing function, as `doOnce` takes it. */
export function callGuest(verb: GuestVerb, plan: Record<string, unknown>): SQL {
  return sql`select ${sql.identifier(verb)}(${JSON.stringify(plan)}::jsonb) as answer`
}

const GuestFound = z.object({ guest: GuestRow })

export async function selectGuest(db: Db, restaurantId: string, id: string): Promise<GuestRow | undefined> {
  const [row] = await query(
    db,
    GuestFound,
    sql`select guest_json(g) as guest from guests g where g.restaurant_id = ${restaurantId} and g.id = ${id}`,
  )
  return row?.guest
}

export type GuestFacets = {
  name: string | null
  phones: PhoneSearch[]
  emails: string[]
  language: string | null
  tag: string | null
  vip: boolean | null
  min_visits: number | null
  after: [string, string] | null
  limit: number
}
const GuestListed = z.object({ guest: GuestRow, sort_key: z.string() })
export type GuestListed = z.infer<typeof GuestListed>

/**
 * By how well the name matches where one is asked for, else by name. Visits are counted for the page alone; a least
 * number of them is looked for guest by guest in the order of the list, and no further than that number.
 */
export async function selectGuests(db: Db, restaurantId: string, facets: GuestFacets): Promise<GuestListed[]> {
  const { name, phones, emails, language, tag, vip, min_visits, after, limit } = facets
  const { from, key, order } = name === null ? byName : byLikeness(restaurantId, name)
  return query(
    db,
    GuestListed,
    sql`
      select guest_json(g) as guest, (${key})::text as sort_key
        from ${from}
       where g.restaurant_id = ${restaurantId}
         ${and(...phones.map(phoneIs))}
         ${and(...emails.map((email) => sql`lower(g.email) = lower(${email})`))}
         ${language === null ? sql`` : and(sql`(g.language = ${language} or g.language like ${`${language}-%`})`)}
         ${tag === null ? sql`` : and(sql`g.tags @> array[${tag}]::text[]`)}
         ${vip === null ? sql`` : and(sql`g.vip = ${vip}`)}
         ${min_visits === null ? sql`` : and(visitedAtLeast(min_visits))}
         ${after === null ? sql`` : and(order.beyond(after))}
       order by ${order.by}
       limit ${limit}`,
  )
}

const sortKey = sql`guest_sort_key(g.search_name) collate "C"`
const byName = {
  from: sql`guests g`,
  key: sortKey,
  order: {
    by: sql`${sortKey}, g.id`,
    beyond: ([key, id]: [string, string]) => sql`(${sortKey}, g.id) > (${key}::text collate "C", ${id}::uuid)`,
  },
}
const byLikeness = (restaurantId: string, name: string): typeof byName => ({
  from: sql`guests_named_like(${restaurantId}, ${name}) n join guests g on g.id = n.id`,
  key: sql`n.likeness`,
  order: {
    by: sql`n.likeness desc, g.id desc`,
    beyond: ([key, id]) => sql`(n.likeness, g.id) < (${key}::numeric, ${id}::uuid)`,
  },
})

function and(...conditions: SQL[]): SQL {
  return sql.join(conditions.map((condition) => sql`and ${condition} `))
}

function phoneIs(phone: PhoneSearch): SQL {
  return 'equals' in phone ? sql`g.phone = ${phone.equals}` : sql`g.phone like ${`%${phone.contains}%`}`
}

function visitedAtLeast(visits: number): SQL {
  return sql`(select count(*)
                from (select from reservations r
                       where r.restaurant_id = g.restaurant_id and r.guest_id = g.id
                         and r.status in ('seated', 'completed')
                       limit ${visits}) v) >= ${visits}`
}

const GuestMatched = z.object({ guest: GuestRow, phone: z.boolean(), email: z.boolean(), likeness: z.number() })
export type GuestMatched = z.infer<typeof GuestMatched>

/** Whoever has that phone or e-mail, and those with the names most like it. */
export async function selectMatches(
  db: Db,
  restaurantId: string,
  asked: { phone: string | null; name: string | null; email: string | null },
): Promise<GuestMatched[]> {
  const { phone, name, email } = asked
  return query(
    db,
    GuestMatched,
    sql`
      with named as (
        select n.id, n.likeness from guests_named_like(${restaurantId}, ${name}) n),
      found as (
        select g.id from guests g where g.restaurant_id = ${restaurantId} and g.phone = ${phone}
        union
        select g.id from guests g where g.restaurant_id = ${restaurantId} and lower(g.email) = lower(${email})
        union
        (select n.id from named n order by n.likeness desc, n.id limit 10))
      select guest_json(g) as guest, coalesce(g.phone = ${phone}, false) as phone,
             coalesce(lower(g.email) = lower(${email}), false) as email,
             coalesce(n.likeness, 0)::float8 as likeness
        from found f
        join guests g on g.restaurant_id = ${restaurantId} and g.id = f.id
        left join named n on n.id = g.id`,
  )
}

const Past = z.object({ reservation: ReservationRow.nullable() })

/** Newest arrival first; undefined where there is no such guest, in the same round trip. */
export async function selectTimeline(
  db: Db,
  restaurantId: string,
  guestId: string,
  before: [string, string] | null,
  limit: number,
): Promise<ReservationRow[] | undefined> {
  const rows = await query(
    db,
    Past,
    sql`
      select case when r.id is not null then reservation_json(r) end as reservation
        from guests g
        left join lateral (
          select x.*
            from reservations x
           where x.restaurant_id = g.restaurant_id and x.guest_id = g.id
             ${before === null ? sql`` : sql`and (x.starts_at, x.id) < (${before[0]}::timestamptz, ${before[1]}::uuid)`}
           order by x.starts_at desc, x.id desc
           limit ${limit}) r on true
       where g.restaurant_id = ${restaurantId} and g.id = ${guestId}
       order by r.starts_at desc, r.id desc`,
  )
  if (rows.length === 0) return undefined
  return rows.flatMap((row) => (row.reservation ? [row.reservation] : []))
}
