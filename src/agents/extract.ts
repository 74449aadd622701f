import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { wallOf } from '../platform/time.ts'
import { extract } from './extract-rules.ts'
import type { Extraction, ExtractRequest } from './extract-schema.ts'

/** What a diner's sentence says, against the restaurant's clock, opening hours and country. Reads nothing else. */
export async function extractUtterance(ctx: TenantCtx, input: ExtractRequest): Promise<Result<Extraction>> {
  const { restaurant } = ctx
  const today = wallOf(ctx.now, input.timezone ?? restaurant.timezone).date
  const data = extract(input.utterance, {
    reference_date: input.reference_date ?? today,
    country: restaurant.country,
    locale: input.locale ?? restaurant.languages[0],
    house: restaurant,
    asked: input.asked,
  })
  return { data }
}
