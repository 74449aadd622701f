import type { Once } from '../platform/ctx.ts'
import { databaseError } from '../platform/db.ts'
import { sha256Hex } from '../platform/ids.ts'
import { Problem } from '../platform/problem.ts'
import { isoAt } from '../platform/time.ts'
import { readCommit, signCommit, type Subject } from './commit-token.ts'
import { boundFields } from './input-rules.ts'
import type { CallCtx, OperationName } from './operation.ts'
import type { TwoStepOutput } from './operation-schema.ts'

/** How long a caller has to say yes, in milliseconds. */
export const commitMs = 10 * 60_000

export type Prepared = { subject: Subject; read_back: string; expires_at: number }

/**
 * R228. First the wish is checked and read back, with a token for exactly these fields; the same fields with the token
 * do it, once however often they come. Fields that differ, or a token that is too old, do nothing and are read back anew
 * (`commit_mismatch`, `commit_expired`, each with a new token).
 */
export async function inTwoSteps(
  ctx: CallCtx,
  operation: OperationName,
  input: Record<string, unknown>,
  prepare: () => Promise<Prepared>,
  commit: (subject: Subject, once: Once) => Promise<TwoStepOutput>,
): Promise<TwoStepOutput> {
  const { token_secret } = ctx.secrets
  const bound = { restaurant_id: ctx.restaurant.id, call_id: ctx.call.id, operation, fields: boundFields(input) }
  const readBack = async (): Promise<TwoStepOutput> => {
    const { subject, read_back, expires_at } = await prepare()
    return {
      status: 'prepared',
      read_back,
      commit_token: await signCommit(token_secret, bound, subject, expires_at),
      expires_at: isoAt(expires_at, ctx.restaurant.timezone),
      reservation: null,
    }
  }
  const token = input['commit_token']
  if (typeof token !== 'string') return readBack()
  const read = await readCommit(token_secret, bound, token, ctx.now)
  if (read.kind === 'good') {
    try {
      return await commit(read.subject, { key: `commit:${await sha256Hex(token.trim())}`, fingerprint: '' })
    } catch (error) {
      if (!readOtherwise(error)) throw error
    }
  }
  const { read_back, commit_token, expires_at } = await readBack()
  throw new Problem(read.kind === 'expired' ? 'commit_expired' : 'commit_mismatch', {
    ...(read_back === null ? {} : { hint: read_back }),
    more: { read_back, commit_token, expires_at },
  })
}

/** What was read back has changed since: the hold was moved, or somebody else changed the booking. */
function readOtherwise(error: unknown): boolean {
  if (error instanceof Problem) return error.code === 'stale_version'
  return databaseError(error)?.code === 'TS022'
}
