import * as z from 'zod'
import { withDatabase, type Where } from '../../test/factories.ts'
import type { ReplayHouse } from './houses.ts'
import type { Tally } from './tally.ts'

const Row = z.object({ overlapping_claims: z.int(), overlapping_reservations: z.int(), reservations: z.int() })

/**
 * What Postgres has in the end: no table twice at one moment, by the claims and again by the reservations themselves,
 * and as many reservations as were confirmed to somebody.
 */
export async function audit(where: Where, houses: ReplayHouse[], tallies: Tally[]): Promise<void> {
  await withDatabase(where, async (client) => {
    for (const [i, house] of houses.entries()) {
      const tally = tallies[i]
      if (!tally) continue
      const { rows } = await client.query(
        `with sitting as (
           select r.id, t.table_id, tstzrange(r.starts_at, r.ends_at + make_interval(mins => r.buffer_minutes)) as during
             from reservations r, unnest(r.table_ids) t(table_id)
            where r.restaurant_id = $1 and r.status not in ('cancelled', 'no_show'))
         select (select count(*)::int from claims a join claims b
                     on a.table_id = b.table_id and a.ctid < b.ctid and a.during && b.during
                  where a.restaurant_id = $1 and a.blocking and b.blocking) as overlapping_claims,
                (select count(*)::int from sitting a join sitting b
                     on a.table_id = b.table_id and a.id < b.id and a.during && b.during) as overlapping_reservations,
                (select count(*)::int from reservations r where r.restaurant_id = $1) as reservations`,
        [house.id],
      )
      const found = Row.parse(rows[0])
      tally.overlaps_in_sql = Math.max(found.overlapping_claims, found.overlapping_reservations)
      if (found.reservations !== tally.booked) {
        const says = `${tally.booked} were confirmed, ${found.reservations} are in the book`
        tally.findings.push({ kind: 'lost', line: 0, says, restaurant: house.name })
      }
    }
  })
}
