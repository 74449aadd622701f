import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { frequentDays, lapsedDays, newDays, type PhoneSearch } from './rules.ts'
import { GuestRow, type Segment } from './schema.ts'

/** What a writing function in the migrations answered. */
export const GuestAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['created', 'changed', 'deleted', 'merged', 'stale']), guest: GuestRow }),
  z.object({ outcome: z.literal('already_exists'), guest: GuestRow, by: z.enum(['phone', 'email']) }),
  z.object({ outcome: z.literal('has_upcoming'), guest: GuestRow, upcoming: z.array(z.string()) }),
  z.object({ outcome: z.enum(['not_found', 'contact_required']) }),
])
export type GuestAnswer = z.infer<typeof GuestAnswer>

export type GuestVerb = 'create_guest' | 'change_guest' | 'delete_guest' | 'merge_guests' | 'erase_guest'

/** One call of a writing function, as `doOnce` takes it. */
export function callGuest(verb: GuestVerb, plan: Record<string, unknown>): SQL {
  return sql`select ${sql.identifier(verb)}(${JSON.stringify(plan)}::jsonb) as answer`
}

const GuestFound = z.object({
  guest: GuestRow,
  next: z
    .object({
      id: z.uuid(),
      confirmation_code: z.string(),
      starts_at: z.string(),
      party_size: z.int(),
      status: z.string(),
    })
    .nullable(),
})
export type GuestFound = z.infer<typeof GuestFound>

/** A guest, and the next reservation that is to come. */
export async function selectGuest(
  db: Db,
  restaurantId: string,
  id: string,
  now: number,
): Promise<GuestFound | undefined> {
  const [row] = await query(
    db,
    GuestFound,
    sql`
      select guest_json(g) as guest, (
               select jsonb_build_object('id', r.id, 'confirmation_code', r.confirmation_code, 'starts_at', r.starts_at,
                                         'party_size', r.party_size, 'status', r.status)
                 from reservations r
                where r.restaurant_id = g.restaurant_id and r.guest_id = g.id
                  and r.starts_at > ${new Date(now).toISOString()} and r.status in ('pending', 'confirmed')
                order by r.starts_at limit 1) as next
        from guests g
       where g.restaurant_id = ${restaurantId} and g.id = ${id}`,
  )
  return row
}

export type GuestFacets = {
  name: string | null
  phones: PhoneSearch[]
  emails: string[]
  language: string | null
  tag: string | null
  vip: boolean | null
  min_visits: number | null
  segment: Segment | null
  now: number
  after: [string, string] | null
  limit: number
}
const GuestListed = z.object({ guest: GuestRow, sort_key: z.string() })
export type GuestListed = z.infer<typeof GuestListed>

/** By how well the name matches where one is asked for, else by name. No past is read: what it comes to is kept. */
export async function selectGuests(db: Db, restaurantId: string, facets: GuestFacets): Promise<GuestListed[]> {
  const { name, phones, emails, language, tag, vip, min_visits, segment, now, after, limit } = facets
  const { from, key, order } = name === null ? byName : byLikeness(restaurantId, name)
  return query(
    db,
    GuestListed,
    sql`
      select guest_json(g) as guest, (${key})::text as sort_key
        from ${from}
       where g.restaurant_id = ${restaurantId}
         ${and(...phones.map(phoneIs))}
         ${and(...emails.map(emailIs))}
         ${language === null ? sql`` : and(sql`(g.language = ${language} or g.language like ${`${language}-%`})`)}
         ${tag === null ? sql`` : and(sql`g.tags @> array[${tag}]::text[]`)}
         ${vip === null ? sql`` : and(sql`g.vip = ${vip}`)}
         ${min_visits ? and(statsSay(sql`s.visits >= ${min_visits}`)) : sql``}
         ${segment === null ? sql`` : and(inSegment(segment, now))}
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
  return 'equals' in phone
    ? sql`(g.phone = ${phone.equals} or g.other_phones <> '{}' and g.other_phones @> array[${phone.equals}]::text[])`
    : sql`(g.phone like ${`%${phone.contains}%`} or array_to_string(g.other_phones, ' ') like ${`%${phone.contains}%`})`
}

function emailIs(email: string): SQL {
  return sql`(lower(g.email) = lower(${email}) or g.other_emails <> '{}' and g.other_emails @> array[lower(${email})])`
}

function statsSay(condition: SQL): SQL {
  return sql`(g.restaurant_id, g.id) in (
    select s.restaurant_id, s.guest_id from guest_stats s where s.restaurant_id = g.restaurant_id and ${condition})`
}

/** R172. The same conditions as `segmentsOf` in rules.ts; each by an index of guest_stats. */
function inSegment(segment: Segment, now: number): SQL {
  const ago = (days: number): SQL => sql`${new Date(now - days * 86_400_000).toISOString()}::timestamptz`
  switch (segment) {
    case 'vip':
      return sql`g.vip`
    case 'frequent':
      return statsSay(sql`s.fourth_last_visit_at >= ${ago(frequentDays)}`)
    case 'new':
      return statsSay(sql`s.visits = 1 and s.last_visit_at >= ${ago(newDays)}`)
    case 'lapsed':
      return statsSay(sql`s.visits >= 2 and s.last_visit_at < ${ago(lapsedDays)}`)
    case 'no_show_risk':
      return statsSay(sql`s.no_show_risk`)
  }
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
        select guest_once_known_by(${restaurantId}, ${phone}, null, null)
        union
        select guest_once_known_by(${restaurantId}, null, ${email}, null)
        union
        (select n.id from named n order by n.likeness desc, n.id limit 10))
      select guest_json(g) as guest, coalesce(g.phone = ${phone} or g.other_phones @> array[${phone}]::text[], false) as phone,
             coalesce(lower(g.email) = lower(${email}) or g.other_emails @> array[lower(${email})], false) as email,
             coalesce(n.likeness, 0)::float8 as likeness
        from found f
        join guests g on g.restaurant_id = ${restaurantId} and g.id = f.id
        left join named n on n.id = g.id`,
  )
}
