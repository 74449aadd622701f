import type { Secrets } from '../platform/ctx.ts'
import { Problem } from '../platform/problem.ts'

type Deployment = Pick<Secrets, 'local' | 'public_origin'>
export type CookieKind = 'access' | 'refresh'

/** Plain http is met on one's own machine only; a browser keeps no prefixed cookie there. */
function isPlain({ local, public_origin }: Deployment): boolean {
  return local && public_origin.startsWith('http:')
}

/** `__Host-` binds a cookie to this host and to https. The refresh token is sent to /api/auth alone, which it forbids. */
function nameOf(kind: CookieKind, deployment: Deployment): string {
  if (isPlain(deployment)) return `ts_${kind}`
  return kind === 'access' ? '__Host-ts_access' : '__Secure-ts_refresh'
}

/** The value a browser sent, null where it sent none. A cookie of another name, or without its prefix, is none of ours. */
export function readCookie(headers: Headers, kind: CookieKind, deployment: Deployment): string | null {
  const name = nameOf(kind, deployment)
  for (const one of (headers.get('cookie') ?? '').split(';')) {
    const at = one.indexOf('=')
    if (at > 0 && one.slice(0, at).trim() === name) return one.slice(at + 1).trim()
  }
  return null
}

/** A `Set-Cookie` line that no script can read; null takes the cookie away. */
export function cookieLine(kind: CookieKind, value: string | null, seconds: number, deployment: Deployment): string {
  const parts = [
    `${nameOf(kind, deployment)}=${value ?? ''}`,
    `Path=${kind === 'access' ? '/' : '/api/auth'}`,
    `Max-Age=${value === null ? 0 : Math.max(0, Math.floor(seconds))}`,
    'HttpOnly',
    'SameSite=Lax',
  ]
  return (isPlain(deployment) ? parts : [...parts, 'Secure']).join('; ')
}

/**
 * R89. Whether a page of our own made the browser send this. A browser says where a request comes from in `Origin`, or
 * in `Sec-Fetch-Site`; a page elsewhere can set neither.
 */
export function isFromOurPages(headers: Headers, public_origin: string): boolean {
  const origin = headers.get('origin')
  if (origin !== null && origin === new URL(public_origin).origin) return true
  return headers.get('sec-fetch-site') === 'same-origin'
}

/** R89. For what sets or uses cookies without one that shows who asks: 403 where a page of another's sent it. */
export function refuseOtherPages(headers: Headers, { public_origin }: Deployment): void {
  const fromAPage = headers.has('origin') || headers.has('sec-fetch-site')
  if (fromAPage && !isFromOurPages(headers, public_origin)) throw new Problem('bad_origin')
}
