import type { Db } from '../platform/db.ts'
import { withRetry } from '../platform/db.ts'
import { sha256Hex } from '../platform/ids.ts'
import { Problem } from '../platform/problem.ts'
import { rememberRestaurant, specialDaysFrom } from '../restaurants/load.ts'
import { findKey, type KnownKey } from './queries.ts'
import { bearerToken } from './rules.ts'

export type Principal = Omit<KnownKey, 'restaurant'>

const keptForMs = 5_000
const known = new Map<string, { principal: Principal; until: number }>()

/** Who sent this request, by its API key. A revoked key is refused within five seconds everywhere. */
export async function authenticate(
  db: Db,
  authorization: string | undefined,
  request: { now: number; request_id: string; local: boolean },
): Promise<Principal> {
  const token = bearerToken(authorization)
  // The keys of the demo data are written in the docs: they open nothing but a machine of one's own.
  if (!token || (token.startsWith('tsk_local_') && !request.local)) throw new Problem('unauthorized')
  const hash = await hashOf(token)
  const kept = known.get(hash)
  if (kept && kept.until > Date.now()) return kept.principal

  const key = await withRetry(() => findKey(db, hash, specialDaysFrom(request.now)), request.request_id)
  if (!key) {
    known.delete(hash)
    throw new Problem('unauthorized')
  }
  const { restaurant, ...principal } = key
  if (restaurant) rememberRestaurant(restaurant)
  if (known.size > 10_000) known.clear()
  known.set(hash, { principal, until: Date.now() + keptForMs })
  return principal
}

const hashes = new Map<string, string>()

/** Hashing costs more than all else of recognising a key, and the same few keys come all day. */
async function hashOf(token: string): Promise<string> {
  const kept = hashes.get(token)
  if (kept !== undefined) return kept
  const hash = await sha256Hex(token)
  if (hashes.size > 1_000) hashes.clear()
  hashes.set(token, hash)
  return hash
}

/** A key that was revoked is refused here at once; other isolates forget it within their seconds. */
export function forgetKey(id: string): void {
  for (const [hash, kept] of known) if (kept.principal.id === id) known.delete(hash)
}
