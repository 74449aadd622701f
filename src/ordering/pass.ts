import { hashPass, isPass } from '../access/pass-hash.ts'
import { judgeTry } from '../access/tries.ts'
import type { Ctx, Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { MemberCtx, Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { newConfirmationCode } from '../platform/ids.ts'
import { log } from '../platform/log.ts'
import { sendMail } from '../platform/mail.ts'
import { Problem } from '../platform/problem.ts'
import { askTable } from './at-table.ts'
import { callRotatePass, selectPass, updateAccepted, updateMailed } from './pass-queries.ts'
import type { NewPass, PassTry, PassVerdict, RotatedPass } from './pass-schema.ts'

/**
 * R81. A member gives the pass of the day, and may fill the cart from then on. Five wrong tries a minute for the session
 * and for the address; a right one costs nothing.
 */
export async function validatePass(ctx: MemberCtx, sessionId: string, input: PassTry): Promise<Result<PassVerdict>> {
  const { member, restaurant } = ctx
  if (sessionId !== member.session_id) throw new Problem('not_found')
  if (restaurant.settings.daily_pass === 'on') {
    const kept = await withRetry(() => selectPass(ctx.db, restaurant.id), ctx.request_id)
    const right = kept ? await isPass(ctx.secrets.token_secret, input.pass, kept) : false
    if (!(await judgeTry(ctx, [`pass:session:${sessionId}`, `pass:address:${ctx.address}`], right)))
      throw new Problem('wrong_pass')
  }
  if (!(await withRetry(() => updateAccepted(ctx.db, member, causeOf(ctx)), ctx.request_id)))
    throw new Problem('unknown_member')
  const { session_id, member_id } = member
  await askTable(ctx, member, (table) => table.passAccepted({ session_id, member_id }))
  return { data: { accepted: true } }
}

/** Staff set or rotate the pass: told in this one answer, and mailed to the owner. The pass before is worth nothing now. */
export async function rotatePass(ctx: TenantCtx, input: NewPass, once: Once): Promise<Result<RotatedPass>> {
  const pass = input.pass ?? newConfirmationCode()
  const plan = {
    ...causeOf(ctx),
    restaurant_id: ctx.restaurant.id,
    ...once,
    source: 'staff',
    ...(await hashPass(ctx.secrets.token_secret, pass)),
  }
  const answer = await withRetry(() => callRotatePass(ctx.db, plan), ctx.request_id)
  if (answer.outcome === 'key_reused') throw new Problem('idempotency_key_reused')
  const { night, generation, replayed } = answer
  if (!replayed) ctx.after(mailPass(ctx, ctx.restaurant, pass, { night, generation }))
  return { data: { night, pass: replayed ? null : pass } }
}

export type PassCtx = Pick<Ctx, 'db' | 'now' | 'request_id' | 'secrets'>

/** To the owner. One that could not be sent is made anew and sent by the next hour's job: nobody knows the lost one. */
export async function mailPass(
  ctx: PassCtx,
  restaurant: { id: string; name: string; email: string | null },
  pass: string,
  of: { night: string; generation: number },
): Promise<boolean> {
  const { mail } = ctx.secrets
  if (!mail || restaurant.email === null) return false
  try {
    await sendMail(mail, {
      to: restaurant.email,
      subject: `${restaurant.name}: the pass of ${of.night}`,
      text: `The pass of the day at ${restaurant.name} is ${pass}.\n\nIt is good until four in the morning.\n`,
      idempotency_key: `pass-${restaurant.id}-${of.night}-${of.generation}`,
    })
  } catch (error) {
    log('warn', 'mail_unavailable', { request_id: ctx.request_id, reason: String(error) })
    return false
  }
  await withRetry(() => updateMailed(ctx.db, restaurant.id, of, ctx.now), ctx.request_id)
  return true
}
