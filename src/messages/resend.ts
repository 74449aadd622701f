import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { doOnce } from '../access/once.ts'
import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { withHouseTimes } from '../platform/instants.ts'
import { Problem } from '../platform/problem.ts'
import { deliverMessage } from './deliver.ts'
import { Message } from './schema.ts'

const Answer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('written'), message: Message, round: z.int() }),
  z.object({ outcome: z.enum(['stale', 'illegal']), message: Message }),
  z.object({ outcome: z.literal('not_found') }),
])

/**
 * R166. The same message once more, as one of its own, telling what is so now. 409 `stale_version`; 409 `illegal_step`
 * while it has yet to go.
 */
export async function resendMessage(
  ctx: TenantCtx,
  id: string,
  version: number | null,
  once: Once,
): Promise<Result<Message>> {
  const plan = { ...causeOf(ctx), restaurant_id: ctx.restaurant.id, id, version }
  const effect = sql`select resend_message(${JSON.stringify(plan)}::jsonb) as answer`
  const answer = Answer.parse((await doOnce(ctx, ctx.restaurant.id, once, effect)).answer)
  if (answer.outcome === 'not_found') throw new Problem('not_found')
  const message = withHouseTimes(answer.message, ctx.restaurant.timezone)
  if (answer.outcome === 'stale') throw new Problem('stale_version', { more: { current: message } })
  if (answer.outcome !== 'written')
    throw new Problem('illegal_step', { detail: 'It has yet to go.', more: { current: message } })
  const wish = { restaurant_id: ctx.restaurant.id, id: message.id, round: answer.round, attempt: null, seen: 0 }
  ctx.after(deliverMessage(ctx, wish))
  return { data: message }
}
