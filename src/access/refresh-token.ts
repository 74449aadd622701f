import { sha256Hex } from '../platform/ids.ts'
import { isMac, macOf, randomText } from './secret-key.ts'

const label = 'staff refresh token'

/**
 * A refresh token: `{restaurant}.{session}.{generation}.{root}.{mac}`. Only whoever has had a token of the session knows
 * its root, and only we can make the next generation. So nothing that is kept (the root's hash) makes one, what is used
 * again is known for what it is, and the same token always has the same successor.
 */
export type RefreshClaims = { restaurant_id: string; session_id: string; generation: number; root: string }

export function firstRefresh(restaurant_id: string, session_id: string): RefreshClaims {
  return { restaurant_id, session_id, generation: 1, root: randomText() }
}

export async function writeRefresh(secret: string, claims: RefreshClaims): Promise<string> {
  const said = saidBy(claims)
  return `${said}.${await macOf(secret, label, said)}`
}

/** Null for anything but a token we made; whether it is the latest of its session is for the database to say. */
export async function readRefresh(secret: string, token: string): Promise<RefreshClaims | null> {
  const parts = /^([0-9a-f-]{36})\.([0-9a-f-]{36})\.(\d{1,6})\.([\w-]{43})\.([\w-]{43})$/.exec(token)
  const [, restaurant_id = '', session_id = '', generation = '', root = '', mac = ''] = parts ?? []
  if (!parts) return null
  const claims = { restaurant_id, session_id, generation: Number(generation), root }
  return (await isMac(secret, label, saidBy(claims), mac)) ? claims : null
}

/** As it is kept. */
export function rootHashOf(claims: RefreshClaims): Promise<string> {
  return sha256Hex(claims.root)
}

function saidBy({ restaurant_id, session_id, generation, root }: RefreshClaims): string {
  return `${restaurant_id}.${session_id}.${generation}.${root}`
}
