import * as z from 'zod'
import { doOnce } from '../access/once.ts'
import { allTenantScopes } from '../access/schema.ts'
import type { Ctx, Once } from '../platform/ctx.ts'
import { newApiKey, sha256Hex } from '../platform/ids.ts'
import { toE164 } from '../platform/phone.ts'
import { Problem } from '../platform/problem.ts'
import { createRestaurant } from './queries.ts'
import { editedSettings, hoursMistakes, specialDaysMistakes } from './rules.ts'
import { defaultSettings, Restaurant, Table, type NewRestaurant } from './schema.ts'

export const CreatedRestaurant = z
  .object({
    restaurant: Restaurant,
    tables: z.array(Table),
    api_key: z.string().nullable().meta({ description: 'In full, once; null where the answer is replayed' }),
  })
  .meta({ id: 'CreatedRestaurant' })
export type CreatedRestaurant = z.infer<typeof CreatedRestaurant>

const Answer = z.union([
  z.object({ outcome: z.literal('created'), restaurant: Restaurant }),
  z.object({ outcome: z.literal('slug_taken') }),
])

/** Opens a restaurant: its room, its hours, and a first key that is never shown again. */
export async function openRestaurant(ctx: Ctx, input: NewRestaurant, once: Once): Promise<CreatedRestaurant> {
  const [mistake] = hoursMistakes(input.hours)
  if (mistake)
    throw new Problem('validation_failed', { detail: mistake, errors: [{ path: 'hours', message: mistake }] })
  const [special] = specialDaysMistakes(input.special_days)
  if (special)
    throw new Problem('validation_failed', { detail: special, errors: [{ path: 'special_days', message: special }] })
  const phone = input.phone ? toE164(input.phone, input.country) : null
  if (input.phone && !phone)
    throw new Problem('invalid_phone', { errors: [{ path: 'phone', message: 'is no phone number' }] })

  const secret = newApiKey()
  const plan = {
    ...input,
    phone,
    settings: editedSettings(defaultSettings, input.settings),
    key: {
      name: 'First key',
      prefix: secret.slice(0, 12),
      hash: await sha256Hex(secret),
      scopes: allTenantScopes,
      rate_per_minute: 1200,
    },
  }
  const scope = ctx.actor.kind === 'key' ? ctx.actor.id : ''
  const { answer, replayed } = await doOnce(ctx, scope, once, createRestaurant(plan))
  const made = Answer.parse(answer)
  if (made.outcome === 'slug_taken')
    throw new Problem('already_exists', {
      detail: `The slug "${input.slug}" is taken.`,
      errors: [{ path: 'slug', message: 'is taken' }],
    })
  return { restaurant: made.restaurant, tables: made.restaurant.tables, api_key: replayed ? null : secret }
}
