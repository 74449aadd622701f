import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import type { Guest, NewGuest } from './schema.ts'
import { columnsOf, contactRequired, writeGuest } from './write.ts'

/** A new guest, or 409 `already_exists` with the one that has this phone or e-mail. */
export async function createGuest(ctx: TenantCtx, input: NewGuest, once: Once): Promise<Result<Guest>> {
  if (!input.phone && !input.email) throw contactRequired()
  return writeGuest(ctx, 'create_guest', { fields: columnsOf(ctx, input) }, once)
}
