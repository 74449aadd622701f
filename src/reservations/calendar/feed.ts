import * as z from 'zod'
import { doOnce } from '../../access/once.ts'
import { isMac, macOf, randomText } from '../../access/secret-key.ts'
import type { Once } from '../../platform/ctx.ts'
import { type PageQuery, pageOf, readCursor } from '../../platform/cursor.ts'
import { withRetry } from '../../platform/db.ts'
import type { PublicCtx, Result, TenantCtx } from '../../platform/endpoint.ts'
import { causeOf } from '../../platform/events.ts'
import { sha256Hex } from '../../platform/ids.ts'
import { withHouseTimes } from '../../platform/instants.ts'
import { Problem } from '../../platform/problem.ts'
import { issueFeedStatement, revokeFeedStatement, selectFeed, selectFeeds } from './queries.ts'
import { feedOf } from './rules.ts'
import { CalendarFeed, type IssuedCalendarFeed, type NewCalendarFeed } from './schema.ts'

const label = 'calendar feed'
const dayMs = 86_400_000
const Answer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('written'), feed: CalendarFeed }),
  z.object({ outcome: z.literal('not_found') }),
])

/** A secret address for somebody's calendar, in this one answer: the book of the house to read, until it is revoked. */
export async function issueFeed(
  ctx: TenantCtx,
  input: NewCalendarFeed,
  once: Once,
): Promise<Result<IssuedCalendarFeed>> {
  const secret = randomText()
  const token = `${secret}.${await macOf(ctx.secrets.token_secret, label, secret)}`
  const change = { ...causeOf(ctx), restaurant_id: ctx.restaurant.id, ...input, hash: await sha256Hex(token) }
  const { answer, replayed } = await doOnce(ctx, ctx.restaurant.id, once, issueFeedStatement(change))
  const url = `${ctx.secrets.public_origin.replace(/\/$/, '')}/calendar/${token}.ics`
  return { data: { ...writtenIn(answer, ctx.restaurant.timezone), url: replayed ? null : url } }
}

/** Every feed of the house, revoked ones too, in the order they were issued. */
export async function listFeeds(ctx: TenantCtx, page: PageQuery): Promise<Result<CalendarFeed[]>> {
  const [, after = null] = readCursor(page.cursor) ?? []
  const rows = await withRetry(() => selectFeeds(ctx.db, ctx.restaurant.id, after, page.limit + 1), ctx.request_id)
  return withHouseTimes(
    pageOf(rows, page.limit, () => ''),
    ctx.restaurant.timezone,
  )
}

/** Its address shows nothing from this moment. */
export async function revokeFeed(ctx: TenantCtx, id: string, once: Once): Promise<Result<CalendarFeed>> {
  const change = { ...causeOf(ctx), restaurant_id: ctx.restaurant.id, id }
  const { answer } = await doOnce(ctx, ctx.restaurant.id, once, revokeFeedStatement(change))
  return { data: writtenIn(answer, ctx.restaurant.timezone) }
}

/**
 * R147. The book from a week ago to sixty days ahead, in one round trip; `If-None-Match` saves sending it again. A token
 * that is none of ours asks the database nothing.
 */
export async function readFeed(ctx: PublicCtx, file: string): Promise<Result<null>> {
  const token = file.slice(0, -'.ics'.length)
  const [secret = '', mac = ''] = token.split('.')
  if (!(await isMac(ctx.secrets.token_secret, label, secret, mac))) {
    await ctx.limit(`calendar:${ctx.address}`, 20)
    throw new Problem('unauthorized', { detail: 'That address is none of ours.' })
  }
  const hash = await sha256Hex(token)
  await ctx.limit(`calendar:${hash.slice(0, 16)}`, 60)
  // By whole days, so that the same book is the same file all day.
  const today = Math.floor(ctx.now / dayMs) * dayMs
  const window = { from: today - 7 * dayMs, before: today + 61 * dayMs }
  const seen = /^(?:W\/)?"([0-9a-f]{32})"$/.exec(ctx.headers.get('if-none-match') ?? '')?.[1] ?? null
  const feed = await withRetry(() => selectFeed(ctx.db, hash, window, seen), ctx.request_id)
  if (!feed) throw new Problem('not_found', { detail: 'That calendar is no longer shared.' })
  const body = feed.entries === null ? null : feedOf(feed.restaurant_name, feed.entries)
  return {
    data: null,
    file: {
      body,
      content_type: 'text/calendar; charset=utf-8',
      filename: 'reservations.ics',
      shown: true,
      etag: feed.tag,
    },
  }
}

function writtenIn(answer: unknown, timezone: string): CalendarFeed {
  const result = Answer.parse(answer)
  if (result.outcome !== 'written') throw new Problem('not_found')
  return withHouseTimes(result.feed, timezone)
}
