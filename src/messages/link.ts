import { base64url, macOf } from '../access/secret-key.ts'
import type { Ctx, Secrets } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { manageUrl } from '../reservations/manage/token.ts'
import { waitlistUrl } from '../reservations/waitlist/link.ts'
import { type LinkedMessage, selectLinkedMessage } from './queries.ts'

type Signing = Pick<Secrets, 'token_secret' | 'public_origin'>
type LinkCtx = Pick<Ctx, 'db' | 'request_id' | 'secrets'>

const label = 'message link'
const macLetters = 16

/** R160. A short way to what a message is about, for texts: its id and 96 bits of HMAC, 38 characters. */
export async function messageUrl(secrets: Signing, id: string): Promise<string> {
  return `${secrets.public_origin.replace(/\/$/, '')}/m/${await codeOf(secrets.token_secret, id)}`
}

/** Where a guest ends reminders by mail: the same code, so that it ends only what it came with. */
export async function stopUrl(secrets: Signing, id: string): Promise<string> {
  return `${await messageUrl(secrets, id)}/stop`
}

/** The guest's own page for what a message is about; null where there is none. */
export async function subjectUrl(
  secrets: Signing,
  about: Omit<LinkedMessage, 'channel' | 'address'>,
): Promise<string | null> {
  const { restaurant_id, subject_id: id } = about
  if (about.subject_type === 'reservation') return manageUrl(secrets, { restaurant_id, id })
  return about.subject_type === 'waitlist' ? waitlistUrl(secrets, { restaurant_id, id }) : null
}

/** The message of a code that we signed, or null; of any other nobody asks the database. */
export async function linkedMessage(ctx: LinkCtx, code: string): Promise<(LinkedMessage & { id: string }) | null> {
  const id = idOf(code)
  if (id === null || !same(await codeOf(ctx.secrets.token_secret, id), code)) return null
  const found = await withRetry(() => selectLinkedMessage(ctx.db, id), ctx.request_id)
  return found ? { ...found, id } : null
}

async function codeOf(secret: string, id: string): Promise<string> {
  const bytes = Uint8Array.from(id.replaceAll('-', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  return `${base64url(bytes)}${(await macOf(secret, label, id)).slice(0, macLetters)}`
}

function idOf(code: string): string | null {
  if (!/^[\w-]{38}$/.test(code)) return null
  const bytes = atob(code.slice(0, 22).replaceAll('-', '+').replaceAll('_', '/'))
  const hex = Array.from(bytes, (letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** In constant time. */
function same(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}
