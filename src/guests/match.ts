import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { searchable } from '../platform/text.ts'
import { presentGuest } from './present.ts'
import { selectMatches } from './queries.ts'
import { mostCandidates, scoreOf } from './rules.ts'
import type { Candidate, MatchInput } from './schema.ts'
import { phoneOf } from './write.ts'

/** Who this may be, the likeliest first, with the reasons. */
export async function matchGuests(ctx: TenantCtx, input: MatchInput): Promise<Result<Candidate[]>> {
  const { restaurant } = ctx
  const asked = {
    phone: input.phone === undefined ? null : phoneOf(input.phone, restaurant),
    name: input.name === undefined ? null : searchable(input.name),
    email: input.email ?? null,
  }
  const found = await withRetry(() => selectMatches(ctx.db, restaurant.id, asked), ctx.request_id)
  const candidates = found.map((one) => ({
    guest: presentGuest(one.guest, ctx),
    ...scoreOf(one, asked.name !== null),
  }))
  // Of two as likely, the one who comes more often; then the one known for longer.
  const best = candidates.toSorted(
    (a, b) => b.score - a.score || b.guest.visits - a.guest.visits || (a.guest.id < b.guest.id ? -1 : 1),
  )
  return { data: best.slice(0, mostCandidates) }
}
