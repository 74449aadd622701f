import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { presentHold, presentReservation } from './present.ts'
import { readRef } from './requests.ts'
import { steps, type Step } from './rules.ts'
import type { Hold, Reservation, ReservationRow } from './schema.ts'
import { call, callOf, rowOf } from './write.ts'

type Asked = { version?: number | null | undefined; why?: string | undefined; minutes?: number | undefined }

/** One step of a reservation's life; 409 `illegal_step` with the reservation where its state or the hour does not allow it. */
export async function stepReservation(
  ctx: TenantCtx,
  step: Step,
  ref: string,
  asked: Asked,
  once: Once,
): Promise<Result<Reservation>> {
  const row = await takeStep(ctx, step, readRef(ref, ctx.restaurant), asked, once)
  return { data: presentReservation(row, ctx.restaurant.timezone) }
}

/** Keeps a hold for its minutes again, counted from now. */
export async function extendHold(ctx: TenantCtx, holdId: string, once: Once): Promise<Result<Hold>> {
  const row = await takeStep(ctx, 'extend', { kind: 'id', ref: holdId }, {}, once)
  return { data: presentHold(row, ctx.restaurant.timezone) }
}

async function takeStep(
  ctx: TenantCtx,
  step: Step,
  ref: { kind: string; ref: string },
  asked: Asked,
  once: Once,
): Promise<ReservationRow> {
  const { restaurant } = ctx
  const extended = new Date(ctx.now + restaurant.settings.hold_minutes * 60_000).toISOString()
  const answer = await call(ctx, 'step_reservation', {
    ...callOf(ctx, restaurant, once),
    ref_kind: ref.kind,
    ref: ref.ref,
    version: asked.version ?? null,
    step: step.replace('-', '_'),
    allowed_from: steps[step].from,
    early_minutes: steps[step].early_minutes,
    status: steps[step].to,
    late_minutes: asked.minutes ?? null,
    hold_expires_at: step === 'extend' ? extended : null,
    why: asked.why ?? null,
  })
  return rowOf(answer, restaurant)
}
