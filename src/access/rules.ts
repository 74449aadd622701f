import type { Actor } from '../platform/ctx.ts'
import { allTenantScopes, type Role, roles, type Scope } from './schema.ts'

/** R85. The one table of permissions: what a role may do is said in the scopes that keys have. */
export const roleScopes: Readonly<Record<Role, readonly Scope[]>> = {
  owner: allTenantScopes,
  manager: allTenantScopes.filter((scope) => scope !== 'keys:write'),
  host: ['reservations:read', 'reservations:write', 'guests:read', 'guests:write', 'floor:*', 'agents:*'],
  server: ['floor:read', 'orders:*', 'guests:read', 'reservations:read'],
  kitchen: ['floor:read', 'orders:*'],
}

/** What somebody may do at a house: a key says so itself, of staff their role does. Anybody else holds nothing. */
export function scopesOf(actor: Actor): readonly Scope[] {
  if (actor.kind === 'key') return actor.scopes
  return actor.kind === 'staff' ? roleScopes[actor.role] : []
}

/** R86. The roles that somebody may give, and whose holders they may change: none that may more than they. */
export function rolesWithin(held: readonly Scope[]): Role[] {
  return roles.filter((role) => mayGrant(held, roleScopes[role]))
}

/** Whether scopes held cover one that is needed: `floor:*` covers `floor:read`. */
export function allows(held: readonly string[], needed: Scope | 'any'): boolean {
  if (needed === 'any') return true
  const [area] = needed.split(':')
  return held.includes(needed) || (needed !== 'platform' && held.includes(`${area}:*`))
}

/** A key may give away what it has, and no more. */
export function mayGrant(held: readonly string[], given: readonly Scope[]): boolean {
  return (
    held.includes('platform') ||
    given.every((scope) => {
      if (!scope.endsWith(':*')) return allows(held, scope)
      return held.includes(scope)
    })
  )
}

/** `Authorization: Bearer tsk_…` → the key; null where there is none. */
export function bearerToken(header: string | undefined): string | null {
  const match = /^Bearer +(tsk_[A-Za-z0-9_-]{6,120})$/i.exec(header ?? '')
  return match?.[1] ?? null
}
