import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../../platform/db.ts'
import { LocalDate } from '../../platform/text.ts'
import { refusalCodes, ReservationRow } from '../schema.ts'
import { SeriesRow } from './schema.ts'

const Refused = z.array(z.object({ date: LocalDate, reason: z.enum([...refusalCodes, 'illegal_step']) }))

/** What a function of series in the migrations answered. */
const SeriesAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('booked'), series: SeriesRow, booked: z.array(ReservationRow), refused: Refused }),
  z.object({ outcome: z.literal('changed'), series: SeriesRow, changed: z.array(ReservationRow), refused: Refused }),
  z.object({ outcome: z.literal('cancelled'), series: SeriesRow, cancelled: z.array(ReservationRow) }),
  z.object({ outcome: z.literal('conflicts'), refused: Refused }),
  z.object({ outcome: z.enum(['stale', 'illegal']), series: SeriesRow }),
  z.object({
    outcome: z.enum(['stale_restaurant', 'stale_occurrences', 'key_reused', 'not_found', 'guest_not_found']),
  }),
])
export type SeriesAnswer = z.infer<typeof SeriesAnswer>
export type Refused = z.infer<typeof Refused>

/** book_series, change_series or cancel_series: all occurrences in one call, one round trip. */
export async function callSeries(
  db: Db,
  verb: 'book_series' | 'change_series' | 'cancel_series',
  plan: Record<string, unknown>,
): Promise<SeriesAnswer> {
  const [row] = await query(
    db,
    z.object({ answer: SeriesAnswer }),
    sql`select ${sql.identifier(verb)}(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  if (!row) throw new Error(`${verb} answered nothing`)
  return row.answer
}

const Whole = z.object({ series: SeriesRow, occurrences: z.array(ReservationRow.extend({ series_date: LocalDate })) })
export type WholeSeries = z.infer<typeof Whole>

/** A series and its occurrences by date, whatever became of them; those of a bound date or later only, where one is given. */
export async function selectSeries(
  db: Db,
  restaurantId: string,
  id: string,
  from: string | null,
): Promise<WholeSeries | undefined> {
  const [row] = await query(
    db,
    Whole,
    sql`
      select to_jsonb(s) as series,
             coalesce((select jsonb_agg(reservation_json(r) order by r.series_date, r.id)
                         from reservations r
                        where r.restaurant_id = s.restaurant_id and r.series_id = s.id
                          ${from === null ? sql`` : sql`and r.series_date >= ${from}`}), '[]') as occurrences
        from reservation_series s
       where s.restaurant_id = ${restaurantId} and s.id = ${id}`,
  )
  return row
}

type SeriesFacets = { status: string | null; phone: string | null; after: string | null; limit: number }

/** Newest first. */
export async function selectSeriesList(db: Db, restaurantId: string, facets: SeriesFacets): Promise<SeriesRow[]> {
  const { status, phone, after, limit } = facets
  const rows = await query(
    db,
    z.object({ series: SeriesRow }),
    sql`
      select to_jsonb(s) as series
        from reservation_series s
       where s.restaurant_id = ${restaurantId}
         ${status === null ? sql`` : sql`and s.status = ${status}`}
         ${phone === null ? sql`` : sql`and s.phone_number = ${phone}`}
         ${after === null ? sql`` : sql`and s.id < ${after}`}
       order by s.id desc
       limit ${limit}`,
  )
  return rows.map((row) => row.series)
}
