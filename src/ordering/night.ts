import { hashPass } from '../access/pass-hash.ts'
import { withRetry } from '../platform/db.ts'
import { causeOf } from '../platform/events.ts'
import { newConfirmationCode } from '../platform/ids.ts'
import { log } from '../platform/log.ts'
import type { Ctx } from '../platform/ctx.ts'
import { mailPass, type PassCtx } from './pass.ts'
import { callDoNight, type NightHouse, selectOpenNights } from './pass-queries.ts'

/**
 * R83. Every hour: each restaurant whose local night has begun and is not done. Its sessions of the day before are
 * forgotten, their sums kept, and its pass is a new one. Run twice it finds nothing to do; run late it does what is left.
 */
export async function doNights(ctx: PassCtx & Pick<Ctx, 'actor'>): Promise<void> {
  const houses = await withRetry(() => selectOpenNights(ctx.db, ctx.now), ctx.request_id)
  let forgotten = 0
  for (const house of houses) {
    try {
      forgotten += await doNight(ctx, house)
    } catch (error) {
      // One house's trouble is not the others'.
      log('error', 'night_failed', {
        request_id: ctx.request_id,
        restaurant_id: house.restaurant_id,
        reason: String(error),
      })
    }
  }
  if (houses.length > 0) log('info', 'nights', { request_id: ctx.request_id, houses: houses.length, forgotten })
}

async function doNight(ctx: PassCtx & Pick<Ctx, 'actor'>, house: NightHouse): Promise<number> {
  const { restaurant_id: id, name, email } = house
  const pass = newConfirmationCode()
  const plan = house.daily_pass
    ? { ...causeOf(ctx), restaurant_id: id, source: 'night', ...(await hashPass(ctx.secrets.token_secret, pass)) }
    : null
  const done = await withRetry(() => callDoNight(ctx.db, id, ctx.now, plan), ctx.request_id)
  if (done.pass) await mailPass(ctx, { id, name, email }, pass, done.pass)
  return done.forgotten
}
