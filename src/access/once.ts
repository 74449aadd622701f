import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import type { Ctx, Once } from '../platform/ctx.ts'
import { databaseError, noteReplay, withRetry } from '../platform/db.ts'
import { Problem } from '../platform/problem.ts'

const KeptAnswer = z.looseObject({ outcome: z.string().optional(), replayed: z.boolean().optional() })
const Row = z.object({ answer: z.unknown() })

/**
 * Does a statement once per key, in one round trip: `effect` returns one column `answer` (jsonb), kept for a repeat.
 * The batch begins by asking for an earlier answer, and stops there with it. `scope` is a restaurant, or a platform key.
 */
export async function doOnce(
  ctx: Ctx,
  scope: string,
  once: Once,
  effect: SQL,
): Promise<{ answer: unknown; replayed: boolean }> {
  const begin = sql`select begin_once(${scope}, ${once.key}, ${once.fingerprint})`
  const write = sql`
    with effect as (${effect}),
         kept as (insert into idempotency_keys (scope, key, fingerprint, answer, created_at)
                  select ${scope}, ${once.key}, ${once.fingerprint}, answer, ${new Date(ctx.now).toISOString()}
                    from effect)
    select answer from effect`
  try {
    const [, result] = await withRetry(
      () => ctx.db.batch([ctx.db.execute(begin), ctx.db.execute(write)]),
      ctx.request_id,
    )
    const [row] = result.rows.map((one) => Row.parse(one))
    return { answer: row?.answer, replayed: false }
  } catch (error) {
    const database = databaseError(error)
    if (database?.code !== 'TS001') throw error
    const kept = KeptAnswer.parse(JSON.parse(database.detail ?? 'null'))
    if (kept.outcome === 'key_reused') throw new Problem('idempotency_key_reused')
    noteReplay(ctx.db)
    const { replayed: _replayed, ...answer } = kept
    return { answer, replayed: true }
  }
}
