import { doOnce } from '../access/once.ts'
import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { isoAt } from '../platform/time.ts'
import type { FloorNote, NoteInput } from './board-schema.ts'
import { NoteAnswer, type NoteRow, putNote, selectNote } from './note-queries.ts'

/** What the shift should know of a date. */
export async function getNote(ctx: TenantCtx, date: string): Promise<Result<FloorNote>> {
  const row = await withRetry(() => selectNote(ctx.db, ctx.restaurant.id, date), ctx.request_id)
  return { data: presentNote(row ?? null, date, ctx.restaurant.timezone) }
}

/** Writes the note of a date; 409 `stale_version` with the note as it is where somebody else was first. */
export async function writeNote(
  ctx: TenantCtx,
  date: string,
  input: NoteInput,
  if_match: number | null,
  once: Once,
): Promise<Result<FloorNote>> {
  const { id, timezone } = ctx.restaurant
  const plan = { restaurant_id: id, ...causeOf(ctx), version: input.version ?? if_match }
  const { answer } = await doOnce(ctx, id, once, putNote(plan, date, input.note))
  const done = NoteAnswer.parse(answer)
  if (done.outcome === 'stale')
    throw new Problem('stale_version', { more: { current: presentNote(done.note, date, timezone) } })
  return { data: presentNote(done.note, date, timezone) }
}

function presentNote(row: NoteRow | null, date: string, timezone: string): FloorNote {
  if (!row) return { date, note: '', version: 0, updated_at: null, updated_by: null }
  const { kind, name } = row.updated_by
  return {
    date,
    note: row.note,
    version: row.version,
    updated_at: isoAt(Date.parse(row.updated_at), timezone),
    updated_by: name === undefined ? { kind } : { kind, name },
  }
}
