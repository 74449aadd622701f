import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { sha256Hex } from '../platform/ids.ts'
import { tellRevoked } from './revocations.ts'
import { randomText } from './secret-key.ts'
import { sendLink } from './staff-mail.ts'
import { forgetLeftovers, selectAllRevoked, selectUnsent, updateUnsent } from './staff-queries.ts'

/** A link whose first mail may still be on its way is left alone. */
const mailGraceMs = 2 * 60_000

type SweepCtx = Pick<Ctx, 'db' | 'redis' | 'now' | 'request_id' | 'secrets'>

/** What a crash or a server that was away left behind: revocations Redis was not told of, links that were not mailed. */
export async function sweepStaff(ctx: SweepCtx): Promise<void> {
  const now = new Date(ctx.now).toISOString()
  await tellRevoked(ctx, await withRetry(() => selectAllRevoked(ctx.db, now), ctx.request_id))
  if (ctx.secrets.mail) {
    const before = new Date(ctx.now - mailGraceMs).toISOString()
    const unsent = await withRetry(() => selectUnsent(ctx.db, now, before), ctx.request_id)
    for (const link of unsent) {
      const token = randomText()
      if (await updateUnsent(ctx.db, link, await sha256Hex(token))) await sendLink(ctx, link, token)
    }
  }
  await withRetry(() => forgetLeftovers(ctx.db, now), ctx.request_id)
}
