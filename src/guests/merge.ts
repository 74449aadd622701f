import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import type { Guest, MergeInput } from './schema.ts'
import { writeGuest } from './write.ts'

/**
 * One guest of two: the history of `from_id` moves to `id`, its tags, allergies and notes are added, what `id` lacked
 * is filled, and it is gone. `seen` is the version of `id` in an If-Match.
 */
export async function mergeGuests(
  ctx: TenantCtx,
  id: string,
  input: MergeInput,
  seen: number | null,
  once: Once,
): Promise<Result<Guest>> {
  const { from_id, version } = input
  if (from_id.toLowerCase() === id.toLowerCase()) {
    const errors = [{ path: 'from_id', message: 'is the same guest' }]
    throw new Problem('validation_failed', { detail: 'A guest cannot be merged with itself.', errors })
  }
  return writeGuest(ctx, 'merge_guests', { id, from_id, version: version ?? seen }, once)
}
