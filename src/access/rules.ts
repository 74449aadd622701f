import type { Scope } from './schema.ts'

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
