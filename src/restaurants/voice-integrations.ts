import * as z from 'zod'
import { openSecret, sealSecret } from '../access/seal.ts'
import type { Ctx, Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { withHouseTimes } from '../platform/instants.ts'
import { log } from '../platform/log.ts'
import { toE164 } from '../platform/phone.ts'
import { Problem } from '../platform/problem.ts'
import { writtenRow } from './change-house.ts'
import { letGo } from './integrations.ts'
import { urlMistake } from './integrations-rules.ts'
import { Integration, type NewVoice, Voice, type VoiceVendor } from './integrations-schema.ts'
import { rememberRestaurant, specialDaysFrom } from './load.ts'
import { callPutIntegration, selectVoiceHouse } from './queries.ts'
import type { Restaurant } from './schema.ts'

/** R230. Says what a voice platform shows itself with here; sealed before it leaves this isolate. 409 `stale_version`. */
export async function putVoice(
  ctx: TenantCtx,
  vendor: VoiceVendor,
  input: NewVoice,
  if_match: number | null,
  once: Once,
): Promise<Result<Integration>> {
  const { restaurant, secrets } = ctx
  const { secret, webhook_secret, api_key, agent_id, model, api_url, version, phone_numbers } = input
  const mistake = api_url === undefined ? null : urlMistake(api_url, vendor, secrets.local)
  if (mistake) {
    const errors = [{ path: 'api_url', message: mistake }]
    throw new Problem('validation_failed', { detail: `api_url: ${mistake}`, errors })
  }
  const hidden = JSON.stringify({ secret, webhook_secret, api_key })
  const change = {
    ...causeOf(ctx),
    restaurant_id: restaurant.id,
    ...once,
    version: version ?? if_match,
    fields: {
      name: `voice:${vendor}`,
      kind: vendor,
      url: null,
      settings: {
        phone_numbers: phone_numbers.map((one) => numberOf(one, restaurant.country)),
        agent_id,
        model,
        api_url,
      },
      secret_sealed: await sealSecret(secrets.sealing_key, boundTo(restaurant.id, vendor), hidden),
    },
  }
  const answer = await withRetry(() => callPutIntegration(ctx.db, change), ctx.request_id)
  kept.delete(`${vendor}:${restaurant.slug}`)
  return { data: writtenRow(withHouseTimes(answer, restaurant.timezone), Integration) }
}

/** The platform answers here no more: what it sends is refused within five seconds. 404, 409 `stale_version`. */
export async function removeVoice(
  ctx: TenantCtx,
  vendor: VoiceVendor,
  if_match: number | null,
  once: Once,
): Promise<Result<Integration>> {
  const data = await letGo(ctx, `voice:${vendor}`, if_match, once)
  kept.delete(`${vendor}:${ctx.restaurant.slug}`)
  return { data }
}

function numberOf(phone: string, country: string): string {
  const e164 = toE164(phone, country)
  if (e164) return e164
  throw new Problem('invalid_phone', { errors: [{ path: 'phone_numbers', message: `"${phone}" is no phone number` }] })
}

const keptForMs = 5_000
const kept = new Map<string, { found: VoiceHouse; until: number }>()
type VoiceHouse = { restaurant: Restaurant; voice: Voice }

/**
 * The house that a voice platform's address names, and what the platform shows itself with there, opened; null where
 * there is none, or it does not let that platform answer. From this isolate's memory for some seconds, as a key is: a
 * secret that was replaced is refused within five. Nothing of the request is to be believed before it is checked.
 */
export async function voiceHouse(
  ctx: Pick<Ctx, 'db' | 'now' | 'request_id' | 'secrets'>,
  slug: string,
  vendor: VoiceVendor,
): Promise<VoiceHouse | null> {
  const known = kept.get(`${vendor}:${slug}`)
  if (known && known.until > Date.now()) return known.found
  const from = specialDaysFrom(ctx.now)
  const row = await withRetry(() => selectVoiceHouse(ctx.db, slug, `voice:${vendor}`, from), ctx.request_id)
  if (!row) return null
  const { restaurant, settings, secret_sealed } = row
  const opened = await openSecret(ctx.secrets.sealing_key, boundTo(restaurant.id, vendor), secret_sealed)
  if (opened === null) {
    log('error', 'integration_sealed', { restaurant_id: restaurant.id, kind: vendor })
    return null
  }
  rememberRestaurant(restaurant)
  const hidden = z.record(z.string(), z.string()).parse(JSON.parse(opened))
  const found = { restaurant, voice: Voice.parse({ ...settings, ...hidden }) }
  if (kept.size > 1_000) kept.clear()
  kept.set(`${vendor}:${slug}`, { found, until: Date.now() + keptForMs })
  return found
}

function boundTo(restaurantId: string, vendor: VoiceVendor): string {
  return `${restaurantId}:voice:${vendor}`
}
