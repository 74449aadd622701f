import { doOnce } from '../access/once.ts'
import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { toE164 } from '../platform/phone.ts'
import { Problem } from '../platform/problem.ts'
import { searchable } from '../platform/text.ts'
import { wallOf } from '../platform/time.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { presentGuest } from './present.ts'
import { callGuest, GuestAnswer, type GuestVerb } from './queries.ts'
import type { Guest, GuestEdit, NewGuest } from './schema.ts'

type Asked = {
  id?: string
  from_id?: string
  /** Of what the client has seen; null: whichever it has. */
  version?: number | null
  fields?: Record<string, unknown>
}

/** Calls a writing function once per key, in one round trip: the guest as it is then, or the problem. */
export async function writeGuest(ctx: TenantCtx, verb: GuestVerb, asked: Asked, once: Once): Promise<Result<Guest>> {
  const { restaurant } = ctx
  const plan = { restaurant_id: restaurant.id, ...causeOf(ctx), ...asked }
  const { answer } = await doOnce(ctx, restaurant.id, once, callGuest(verb, plan))
  return { data: guestOf(GuestAnswer.parse(answer), ctx) }
}

function guestOf(answer: GuestAnswer, ctx: TenantCtx): Guest {
  switch (answer.outcome) {
    case 'created':
    case 'changed':
    case 'deleted':
    case 'merged':
      return presentGuest(answer.guest, ctx)
    case 'stale':
      throw new Problem('stale_version', { more: { current: presentGuest(answer.guest, ctx) } })
    case 'already_exists':
      throw new Problem('already_exists', {
        detail: `There is a guest with that ${answer.by === 'phone' ? 'phone' : 'e-mail'} already.`,
        errors: [{ path: answer.by, message: 'belongs to another guest' }],
        more: { current: presentGuest(answer.guest, ctx) },
      })
    case 'has_upcoming':
      throw new Problem('guest_has_upcoming', {
        detail: `Cancel or finish ${answer.upcoming.join(', ')} first.`,
        more: { current: presentGuest(answer.guest, ctx), upcoming: answer.upcoming },
      })
    case 'contact_required':
      throw contactRequired()
    case 'not_found':
      throw new Problem('not_found', { detail: 'There is no such guest.' })
  }
}

/** The columns that a request names: phone in E.164, the name also as it is searched for. */
export function columnsOf(ctx: TenantCtx, input: NewGuest | GuestEdit): Record<string, unknown> {
  const { name, phone, birthday } = input
  if (birthday && birthday > wallOf(ctx.now, ctx.restaurant.timezone).date) {
    throw new Problem('validation_failed', { errors: [{ path: 'birthday', message: 'must not be in the future' }] })
  }
  return {
    ...input,
    ...(name === undefined ? {} : { search_name: name === null ? null : searchable(name) }),
    ...(phone ? { phone: phoneOf(phone, ctx.restaurant) } : {}),
  }
}

/** E.164, or the refusal of what cannot be a phone number. */
export function phoneOf(phone: string, restaurant: Restaurant): string {
  const e164 = toE164(phone, restaurant.country)
  if (e164) return e164
  throw new Problem('invalid_phone', {
    detail: `"${phone}" is no phone number in ${restaurant.country} or abroad.`,
    errors: [{ path: 'phone', message: 'is no phone number' }],
  })
}

export function contactRequired(): Problem {
  return new Problem('contact_required', { errors: [{ path: 'phone', message: 'or an e-mail is needed' }] })
}
