import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import type { Guest } from './schema.ts'
import { writeGuest } from './write.ts'

/** The guest as it was. 409 `guest_has_upcoming` while a reservation is to come; past ones stay, without their guest. */
export async function removeGuest(ctx: TenantCtx, id: string, seen: number | null, once: Once): Promise<Result<Guest>> {
  return writeGuest(ctx, 'delete_guest', { id, version: seen }, once)
}
