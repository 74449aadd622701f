import type { Once } from '../platform/ctx.ts'
import { type PageQuery, readTimeCursor, writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { addDays, isoAt, wallOf } from '../platform/time.ts'
import { momentOf } from '../reservations/requests.ts'
import { arrivalOf } from '../reservations/rules.ts'
import { firstInstantAt } from '../restaurants/rules.ts'
import { callBlock, selectBlocks } from './block-queries.ts'
import { changedFacts, floorProblem, presentChange, unusable } from './refusals.ts'
import type { Block, BlockEdit, NewBlock } from './schema.ts'

const longestMs = 31 * 86_400_000
const iso = (at: number): string => new Date(at).toISOString()

/** Takes tables out of use for a time. Never over anybody: 409 `table_taken` names the claims in the way. */
export async function blockTables(ctx: TenantCtx, input: NewBlock, once: Once): Promise<Result<Block>> {
  const starts_at = beginningOf(ctx, input) ?? ctx.now
  const ends_at = endOf(ctx, input, starts_at)
  if (starts_at < ctx.now - 60_000) throw new Problem('in_past')
  if (ends_at === null || ends_at <= starts_at) throw unusable('until', 'must be after the beginning')
  if (ends_at - starts_at > longestMs) throw unusable('until', 'must be within 31 days of the beginning')
  const { table_ids, reason = null } = input
  return write(ctx, 'block_tables', { table_ids, reason, starts_at: iso(starts_at), ends_at: iso(ends_at) }, once)
}

/** What the edit names changes; past moments of it do not. 409 as above, or `stale_version` with who was first. */
export function changeBlock(
  ctx: TenantCtx,
  id: string,
  input: BlockEdit,
  if_match: number | null,
  once: Once,
): Promise<Result<Block>> {
  const { table_ids, reason, minutes } = input
  const starts_at = beginningOf(ctx, input)
  if (minutes !== undefined && starts_at === null) throw unusable('minutes', 'needs its beginning beside it; or until')
  const ends_at = endOf(ctx, input, starts_at ?? ctx.now)
  const plan = {
    id,
    version: input.version ?? if_match,
    ...(table_ids ? { table_ids } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(starts_at === null ? {} : { starts_at: iso(starts_at) }),
    ...(ends_at === null ? {} : { ends_at: iso(ends_at) }),
  }
  return write(ctx, 'change_block', plan, once)
}

/** Gives the tables back at once; a block that was lifted stays lifted. */
export function liftBlock(ctx: TenantCtx, id: string, if_match: number | null, once: Once): Promise<Result<Block>> {
  return write(ctx, 'lift_block', { id, version: if_match }, once)
}

/** Blocks that touch a local date, today where none is named, in the order they begin. */
export async function listBlocks(
  ctx: TenantCtx,
  asked: PageQuery & { date?: string | undefined },
): Promise<Result<Block[]>> {
  const { id, timezone } = ctx.restaurant
  const date = asked.date ?? wallOf(ctx.now, timezone).date
  const wish = {
    from: firstInstantAt(date, 0, timezone),
    before: firstInstantAt(addDays(date, 1), 0, timezone),
    after: readTimeCursor(asked.cursor),
    limit: asked.limit + 1,
  }
  const rows = await withRetry(() => selectBlocks(ctx.db, id, wish), ctx.request_id)
  const page = rows.slice(0, asked.limit)
  const last = page.at(-1)
  const next_cursor = rows.length > asked.limit && last ? writeCursor([last.starts_at, last.id]) : null
  return { data: page.map((block) => presentBlock(block, timezone)), meta: { next_cursor } }
}

type Times = Pick<NewBlock, 'starts_at' | 'date' | 'time' | 'minutes' | 'until'>

function beginningOf(ctx: TenantCtx, { starts_at, date, time }: Times): number | null {
  if (starts_at !== undefined) return instant(ctx, starts_at)
  return date !== undefined && time !== undefined ? instant(ctx, `${date}T${time}`) : null
}

function endOf(ctx: TenantCtx, { minutes, until }: Times, starts_at: number): number | null {
  if (minutes !== undefined) return starts_at + minutes * 60_000
  return until === undefined ? null : instant(ctx, until)
}

function instant(ctx: TenantCtx, value: string): number {
  const arrival = arrivalOf(momentOf(value), ctx.restaurant.timezone)
  if (!arrival) throw new Problem('nonexistent_time')
  return arrival.at
}

async function write(
  ctx: TenantCtx,
  verb: Parameters<typeof callBlock>[1],
  asked: Record<string, unknown>,
  once: Once,
): Promise<Result<Block>> {
  const { id: restaurant_id, timezone } = ctx.restaurant
  const plan = { ...causeOf(ctx), ...once, restaurant_id, ...asked }
  const answer = await withRetry(() => callBlock(ctx.db, verb, plan), ctx.request_id)
  switch (answer.outcome) {
    case 'blocked':
      return { data: presentBlock(answer.block, timezone) }
    case 'lifted':
      throw new Problem('illegal_step', {
        detail: 'It was lifted.',
        more: { current: presentBlock(answer.block, timezone) },
      })
    case 'stale':
      throw new Problem('stale_version', {
        ...changedFacts(answer.changed, timezone),
        more: { current: presentBlock(answer.block, timezone), changed: presentChange(answer.changed, timezone) },
      })
    default:
      throw floorProblem(ctx, answer)
  }
}

function presentBlock(block: Block, timezone: string): Block {
  const local = (at: string): string => isoAt(Date.parse(at), timezone)
  return {
    ...block,
    starts_at: local(block.starts_at),
    ends_at: local(block.ends_at),
    lifted_at: block.lifted_at === null ? null : local(block.lifted_at),
    created_at: local(block.created_at),
    updated_at: local(block.updated_at),
  }
}
