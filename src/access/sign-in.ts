import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { PublicCtx, Result } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { sha256Hex } from '../platform/ids.ts'
import { log } from '../platform/log.ts'
import { Problem } from '../platform/problem.ts'
import { refuseOtherPages } from './cookies.ts'
import { hashPassword, isPassword, nobodysHash } from './password-hash.ts'
import { demoPassword } from './password-rules.ts'
import { callSignIn, type Candidate, insertFailedSignIn, selectCandidates } from './staff-queries.ts'
import type { SignedIn, SignIn } from './staff-schema.ts'
import { actorOf, deviceOf, newSession, signedIn } from './staff-session.ts'
import { judgeTry } from './tries.ts'

/**
 * R87. Signs in with e-mail and password. Five wrong ones a minute for an address and for an e-mail, then 429; with
 * Redis out of reach nobody is told anything (503). An e-mail nobody has costs what a wrong password does. Who works in
 * several houses is asked which (409 `several_restaurants`), once the password was right.
 */
export async function signIn(ctx: PublicCtx, input: SignIn): Promise<Result<SignedIn>> {
  refuseOtherPages(ctx.headers, ctx.secrets)
  const names = await triesOf(ctx, input.email)
  // Asked before anything costly is done, too: who is locked out cannot keep us busy.
  await judgeTry(ctx, names, true)
  const candidates = await withRetry(
    () => selectCandidates(ctx.db, input.email, input.restaurant ?? null),
    ctx.request_id,
  )
  const right = await candidatesWith(ctx, candidates, input.password)
  const told = await judgeTry(ctx, names, right.length > 0).catch((error: unknown) => {
    noteFailure(ctx, candidates, input.email)
    throw error
  })
  if (!told) {
    noteFailure(ctx, candidates, input.email)
    throw new Problem('wrong_credentials')
  }
  const active = right.filter(({ candidate }) => !candidate.disabled)
  const [first] = active
  if (!first) throw new Problem('account_disabled')
  if (active.length > 1) {
    const restaurants = active.map(({ candidate }) => ({ slug: candidate.slug, name: candidate.restaurant_name }))
    throw new Problem('several_restaurants', { more: { restaurants } })
  }
  const { candidate, stale } = first
  const session = await newSession(ctx, candidate.restaurant_id)
  const plan = {
    ...causeOf({ ...ctx, actor: actorOf(candidate) }),
    restaurant_id: candidate.restaurant_id,
    id: candidate.id,
    seen_hash: candidate.password_hash,
    password_hash: stale ? await hashPassword(ctx.secrets.sealing_key, input.password) : null,
    session: session.row,
  }
  const answer = await withRetry(() => callSignIn(ctx.db, plan), ctx.request_id)
  if (answer.outcome !== 'signed_in')
    throw new Problem(answer.outcome === 'disabled' ? 'account_disabled' : 'wrong_credentials')
  return signedIn(ctx, answer.staff, session)
}

/** The names that wrong tries are counted under. */
export async function triesOf(ctx: Pick<PublicCtx, 'address'>, email: string): Promise<string[]> {
  return [`sign-in:address:${ctx.address}`, `sign-in:account:${await sha256Hex(email)}`]
}

type Right = { candidate: Candidate; stale: boolean }

/** One derivation at the least, whoever is asked for. */
async function candidatesWith(ctx: Ctx, candidates: Candidate[], password: string): Promise<Right[]> {
  const { sealing_key, local } = ctx.secrets
  const right: Right[] = []
  if (!candidates.some((one) => one.password_hash !== null)) await isPassword(sealing_key, password, nobodysHash)
  for (const candidate of candidates) {
    if (candidate.password_hash === null) continue
    const verdict = await isPassword(sealing_key, password, candidate.password_hash)
    if (verdict.right && (local || password !== demoPassword)) right.push({ candidate, stale: verdict.stale })
  }
  return right
}

/** Written after the answer, so that an e-mail that is known takes no longer than one that is not. */
function noteFailure(ctx: PublicCtx, candidates: Candidate[], email: string): void {
  const { address } = ctx
  log('warn', 'sign_in_failed', { request_id: ctx.request_id, address, known: candidates.length > 0 })
  if (candidates.length === 0) return
  const user_agent = deviceOf(ctx.headers)
  const plan = {
    ...causeOf({ ...ctx, actor: { kind: 'guest' } }),
    staff_ids: candidates.map((one) => one.id),
    fields: { email, address, user_agent },
  }
  ctx.after(insertFailedSignIn(ctx.db, plan))
}
