import { withRetry } from '../../platform/db.ts'
import type { FileAnswer, Result, TenantCtx } from '../../platform/endpoint.ts'
import { Problem } from '../../platform/problem.ts'
import { manageUrl } from '../manage/token.ts'
import { selectReservation } from '../queries.ts'
import { readRef } from '../requests.ts'
import type { ReservationRow } from '../schema.ts'
import { calendarOf } from './rules.ts'

/** A reservation as a calendar file. */
export async function calendarFile(ctx: TenantCtx, ref: string): Promise<Result<null>> {
  const asked = readRef(ref, ctx.restaurant)
  const row = await withRetry(() => selectReservation(ctx.db, ctx.restaurant.id, asked, ctx.now), ctx.request_id)
  if (!row) throw new Problem('not_found')
  return { data: null, file: await fileOf(ctx, row) }
}

export async function fileOf(ctx: TenantCtx, row: ReservationRow): Promise<FileAnswer> {
  const { method, body } = calendarOf(row, ctx.restaurant, await manageUrl(ctx.secrets, row), 'fetched')
  return {
    body,
    content_type: `text/calendar; charset=utf-8; method=${method}`,
    filename: `${ctx.restaurant.slug}-${row.confirmation_code}.ics`,
    etag: String(row.version),
  }
}
