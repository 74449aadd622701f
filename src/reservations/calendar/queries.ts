import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../../platform/db.ts'
import { Status } from '../schema.ts'
import { CalendarFeed } from './schema.ts'

const Entry = z.object({
  id: z.uuid(),
  version: z.int(),
  status: Status,
  party_size: z.int(),
  starts_at: z.string(),
  ends_at: z.string(),
  updated_at: z.string(),
  name: z.string().nullable(),
  phone_number: z.string().nullable(),
  tables: z.array(z.string()),
})
const Feed = z.object({ restaurant_name: z.string(), tag: z.string(), entries: z.array(Entry).nullable() })

/**
 * The book between two instants, by the hash of a feed's token, with a tag that changes whenever any of it does. Without
 * entries where the caller has that tag already. Undefined for a feed there is none of, or no more.
 */
export async function selectFeed(
  db: Db,
  hash: string,
  window: { from: number; before: number },
  seen: string | null,
): Promise<z.infer<typeof Feed> | undefined> {
  const [feed] = await query(
    db,
    Feed,
    sql`
      with feed as (
        select f.restaurant_id, f.with_phones, x.name
          from calendar_feeds f join restaurants x on x.id = f.restaurant_id
         where f.hash = decode(${hash}, 'hex') and f.revoked_at is null),
      booked as (
        select r.*, feed.with_phones
          from feed join reservations r on r.restaurant_id = feed.restaurant_id
         where r.starts_at >= ${new Date(window.from).toISOString()} and r.starts_at < ${new Date(window.before).toISOString()}
           and r.status in ('pending', 'confirmed', 'seated', 'completed')
         order by r.starts_at, r.id limit 10000),
      tagged as (
        select md5(concat_ws('|', feed.name, feed.with_phones, count(b.id), sum(b.version), max(b.updated_at),
                             min(b.id::text), max(b.id::text))) as tag
          from feed left join booked b on true
         group by feed.name, feed.with_phones)
      select feed.name as restaurant_name, tagged.tag,
             case when tagged.tag is distinct from ${seen} then coalesce((
               select jsonb_agg(jsonb_build_object(
                        'id', b.id, 'version', b.version, 'status', b.status, 'party_size', b.party_size,
                        'starts_at', b.starts_at, 'ends_at', b.ends_at, 'updated_at', b.updated_at, 'name', b.name,
                        'phone_number', case when b.with_phones then b.phone_number end,
                        'tables', array(select t.number from tables t
                                         where t.restaurant_id = b.restaurant_id and t.id = any (b.table_ids)
                                         order by array_position(b.table_ids, t.id)))
                      order by b.starts_at, b.id)
                 from booked b), '[]') end as entries
        from feed cross join tagged`,
  )
  return feed
}

/** Feeds of a restaurant after an id, revoked ones too, in the order they were issued. */
export async function selectFeeds(
  db: Db,
  restaurantId: string,
  after: string | null,
  limit: number,
): Promise<CalendarFeed[]> {
  const rows = await query(
    db,
    z.object({ feed: CalendarFeed }),
    sql`
      select to_jsonb(f) - 'hash' as feed
        from calendar_feeds f
       where f.restaurant_id = ${restaurantId} ${after === null ? sql`` : sql`and f.id > ${after}`}
       order by f.id
       limit ${limit}`,
  )
  return rows.map((row) => row.feed)
}

export function issueFeedStatement(change: unknown): SQL {
  return sql`select issue_calendar_feed(${JSON.stringify(change)}::jsonb) as answer`
}

export function revokeFeedStatement(change: unknown): SQL {
  return sql`select revoke_calendar_feed(${JSON.stringify(change)}::jsonb) as answer`
}
