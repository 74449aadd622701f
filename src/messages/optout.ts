import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { causeOf } from '../platform/events.ts'
import { linkedMessage } from './link.ts'
import { callSetOptout, selectHouseNamed } from './queries.ts'
import type { MessageLanguage } from './schema.ts'
import { meantBy } from './stop-rules.ts'
import { catalogues } from './words-rules.ts'

type OptoutCtx = Pick<Ctx, 'db' | 'now' | 'request_id' | 'secrets'>
const guest = { kind: 'guest' } as const

/** R167. What a guest texted: STOP and START are done at once. Answers what to text back; null: nothing. */
export async function takeSms(
  ctx: OptoutCtx,
  slug: string | null,
  sms: { from: string; text: string; answered: boolean },
): Promise<{ reply: string | null } | null> {
  const restaurant_id = slug === null ? null : await withRetry(() => selectHouseNamed(ctx.db, slug), ctx.request_id)
  if (restaurant_id === undefined) return null
  const { wish, language } = meantBy(sms.text)
  if (wish !== 'help') {
    const plan = { restaurant_id, channel: 'sms', address: sms.from, out: wish === 'stop' }
    await setOptout(ctx, plan)
  }
  // The provider answers these words itself, where it is told to.
  return { reply: sms.answered ? null : sentenceFor(wish, language) }
}

function sentenceFor(wish: 'stop' | 'start' | 'help', language: MessageLanguage): string {
  const { stopped, started, help } = catalogues[language]
  return { stop: stopped, start: started, help }[wish]
}

/** R167. No more reminders to the address that the message of this link went to; false for a link that is none of ours. */
export async function stopReminders(ctx: OptoutCtx, code: string): Promise<boolean> {
  const message = await linkedMessage(ctx, code)
  if (!message) return false
  const { restaurant_id, channel, address } = message
  await setOptout(ctx, { restaurant_id, channel, address, out: true })
  return true
}

async function setOptout(ctx: OptoutCtx, plan: Record<string, unknown>): Promise<void> {
  await withRetry(() => callSetOptout(ctx.db, { ...causeOf({ ...ctx, actor: guest }), ...plan }), ctx.request_id)
}
