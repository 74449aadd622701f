import { isMac, macOf } from '../access/secret-key.ts'
import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import {
  callPurgeEvents,
  callSealEvents,
  callSignSeal,
  type HouseToSeal,
  selectHousesToPurge,
  selectHousesToSeal,
  selectSealDigest,
} from './audit-queries.ts'
import { sealLabel, sealText } from './audit-rules.ts'
import type { AuditHead } from './audit-schema.ts'

type Sealing = Pick<Ctx, 'db' | 'redis' | 'now' | 'request_id' | 'secrets'>

const eventsASeal = 2_000
const housesAtOnce = 200

/**
 * R201. Every five minutes: what is committed and unsealed is sealed, house by house, and each seal is signed with what
 * the database does not know. Twice is as once; one that was interrupted goes on where it stood.
 */
export async function sealAudit(ctx: Sealing): Promise<void> {
  const done = { houses: 0, seals: 0, alarms: 0 }
  let after: string | null = null
  do {
    const page: HouseToSeal[] = await withRetry(() => selectHousesToSeal(ctx.db, after, housesAtOnce), ctx.request_id)
    for (const house of page) {
      try {
        done.seals += await sealHouse(ctx, house)
        done.houses += 1
      } catch (error) {
        // One house's trouble is not the others'.
        done.alarms += 1
        const facts = { request_id: ctx.request_id, restaurant_id: house.restaurant_id }
        log('error', 'audit_alarm', { ...facts, reason: error instanceof Error ? error.message : String(error) })
      }
    }
    after = page.length < housesAtOnce ? null : (page.at(-1)?.restaurant_id ?? null)
  } while (after !== null)
  if (done.houses + done.alarms > 0) log('info', 'audit_sealed', { request_id: ctx.request_id, ...done })
}

async function sealHouse(ctx: Sealing, { restaurant_id, last, previous }: HouseToSeal): Promise<number> {
  await checkRemembered(ctx, restaurant_id)
  const signed = last?.signature === null ? previous : last
  await checkSigned(ctx, restaurant_id, signed)
  // Written, and interrupted before it was signed.
  if (last?.signature === null) await sign(ctx, restaurant_id, last)
  let seals = 0
  for (;;) {
    const seal = await withRetry(() => callSealEvents(ctx.db, restaurant_id, ctx.now, eventsASeal), ctx.request_id)
    if (!seal) return seals
    await sign(ctx, restaurant_id, seal)
    seals += 1
  }
}

async function sign(ctx: Sealing, restaurant_id: string, seal: AuditHead): Promise<void> {
  const text = sealText(restaurant_id, seal.seal_no, seal.digest)
  const signature = await macOf(ctx.secrets.sealing_key, sealLabel, text)
  await withRetry(() => callSignSeal(ctx.db, restaurant_id, seal, signature), ctx.request_id)
  await ctx.redis
    .set(rememberedKey(restaurant_id), `${seal.seal_no}:${seal.digest}`)
    .catch((error: unknown) =>
      log('warn', 'audit_head_not_kept', { request_id: ctx.request_id, restaurant_id, reason: String(error) }),
    )
}

/**
 * R203. A seal that is not ours is an alarm, and stays one for the check: it was forged, or signed before the key was
 * changed. What comes after is sealed all the same, so that a change of keys stops nothing.
 */
async function checkSigned(ctx: Sealing, restaurant_id: string, seal: AuditHead | null): Promise<void> {
  if (!seal) return
  const text = sealText(restaurant_id, seal.seal_no, seal.digest)
  if (seal.signature !== null && (await isMac(ctx.secrets.sealing_key, sealLabel, text, seal.signature))) return
  const reason = `seal ${seal.seal_no} was not signed with this key`
  log('error', 'audit_alarm', { request_id: ctx.request_id, restaurant_id, reason })
}

const rememberedKey = (restaurant_id: string): string => `audit:head:${restaurant_id}`

/** R203. The head is remembered outside the database too: nothing is built on a chain that does not go through it. */
async function checkRemembered(ctx: Sealing, restaurant_id: string): Promise<void> {
  const kept = await ctx.redis.get<string>(rememberedKey(restaurant_id)).catch(() => null)
  const [, seal_no, digest] = /^(\d+):([0-9a-f]{64})$/.exec(kept ?? '') ?? []
  if (seal_no === undefined) return
  const found = await withRetry(() => selectSealDigest(ctx.db, restaurant_id, Number(seal_no)), ctx.request_id)
  if (found !== digest) throw new Error(`seal ${seal_no} is ${found === null ? 'gone' : 'another than it was'}`)
}

const keptDays = 1_100

/** R204. Every hour: events sealed more than three years ago go; their seals stay, and an event says which went. */
export async function purgeAudit(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>): Promise<void> {
  const before = ctx.now - keptDays * 86_400_000
  const houses = await withRetry(() => selectHousesToPurge(ctx.db, before, housesAtOnce), ctx.request_id)
  let events = 0
  for (const house of houses) {
    events += await withRetry(
      () => callPurgeEvents(ctx.db, house, { before, now: ctx.now }, ctx.request_id),
      ctx.request_id,
    )
  }
  if (houses.length > 0) log('info', 'audit_purged', { request_id: ctx.request_id, houses: houses.length, events })
}
