import type { Ctx } from './ctx.ts'

/** What every written change says of its cause: when, by whom, under which request. No scopes: they are not the deed's. */
export function causeOf(ctx: Pick<Ctx, 'actor' | 'now' | 'request_id'>): Record<string, unknown> {
  const { actor, now, request_id } = ctx
  return {
    now: new Date(now).toISOString(),
    actor: actor.kind === 'key' ? { kind: 'key', id: actor.id, name: actor.name } : actor,
    request_id,
  }
}
