import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import { loadAgain } from '../restaurants/load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { type DeliverCtx, deliverMessage, inTurns, queueAhead, sweepDueMessages } from './deliver.ts'
import { type Can, stepsOf } from './plan-rules.ts'
import { callBeginMessages, callForgetMessages, callTakeMessages, type Made, selectMessagingHouses } from './queries.ts'

const eventsOfAPage = 300
const mostPages = 50

/**
 * R155. After a change, beside the answer: what guests are to hear of it is made and sent. Costs a house that has messages
 * switched off nothing. What goes wrong is made up for by the next change, or by the five-minute job.
 */
export async function tellGuests(ctx: DeliverCtx, restaurant: Restaurant): Promise<void> {
  if (!isOn(restaurant)) return
  try {
    await pumpMessages(ctx, restaurant)
  } catch (error) {
    log('warn', 'guests_not_told', {
      request_id: ctx.request_id,
      restaurant_id: restaurant.id,
      reason: reasonOf(error),
    })
  }
}

function isOn({ settings }: Restaurant): boolean {
  return settings.messages.mail === 'on' || settings.messages.sms === 'on'
}

function reasonOf(error: unknown): string {
  return error instanceof Error && !error.message.startsWith('Failed query')
    ? error.message.slice(0, 300)
    : 'Failed query'
}

/** Reads what happened, page by page, and sends what is due. One at a time for a house: who comes second is read for. */
async function pumpMessages(ctx: DeliverCtx, restaurant: Restaurant): Promise<number> {
  let made = 0
  for (let page = 1; page <= mostPages; page++) {
    const read = await withRetry(() => callBeginMessages(ctx.db, restaurant.id, eventsOfAPage), ctx.request_id)
    if (read.outcome === 'again') continue
    if (read.outcome !== 'read') return made
    const { lease, upto, more, events } = read
    const taken = await withRetry(
      () =>
        callTakeMessages(ctx.db, {
          restaurant_id: restaurant.id,
          now: new Date(ctx.now).toISOString(),
          lease,
          upto,
          more,
          last_id: events.at(-1)?.id ?? 0,
          steps: stepsOf(events, restaurant, canSend(ctx, restaurant)),
        }),
      ctx.request_id,
    )
    if (taken.outcome === 'lost') return made
    made += taken.made.length
    await inTurns(ctx, taken.made, (one) => sendOrQueue(ctx, restaurant.id, one))
    if (!taken.again) return made
  }
  return made
}

function canSend({ secrets }: DeliverCtx, { settings }: Restaurant): Can {
  const { mail, sms } = settings.messages
  return { mail: mail === 'on' && secrets.mail !== null, sms: sms === 'on' && secrets.sms !== null }
}

const soonMs = 60 * 60_000

/** Later than within the hour: the sweep hands it over when its hour has come. */
async function sendOrQueue(ctx: DeliverCtx, restaurant_id: string, { id, round, due_at }: Made): Promise<void> {
  const due = Date.parse(due_at)
  if (due <= ctx.now) await deliverMessage(ctx, { restaurant_id, id, round, attempt: null, seen: 0 })
  else if (due <= ctx.now + soonMs) await queueAhead(ctx, { restaurant_id, id, round, due_at: due })
}

const housesOfAPage = 200

/** Every five minutes: events that nobody read, messages that nobody sent. */
export async function sweepMessages(ctx: DeliverCtx): Promise<void> {
  let made = 0
  for (let after: string | null = null, more = true; more;) {
    const from: string | null = after
    const houses: string[] = await withRetry(() => selectMessagingHouses(ctx.db, from, housesOfAPage), ctx.request_id)
    await inTurns(ctx, houses, async (id) => {
      made += await pumpMessages(ctx, await loadAgain(ctx, id))
    })
    after = houses.at(-1) ?? null
    more = houses.length === housesOfAPage
  }
  const swept = await sweepDueMessages(ctx)
  if (made + swept > 0) log('info', 'messages', { request_id: ctx.request_id, made, swept })
}

/** Every hour: what is older than half a year is forgotten. */
export async function forgetMessages(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>): Promise<void> {
  await withRetry(() => callForgetMessages(ctx.db, ctx.now), ctx.request_id)
}
