import type { FeedEvent, Sees, StoredEvent } from './feed-schema.ts'

/** Of `data`, in bytes of JSON: a console that wants all of a thing asks for it. */
export const longestData = 4_096

/** What happens on the floor. Of anything else a console hears that it happened, and not what it is. */
const shown = new Set(
  (
    'reservation waitlist walk_in block series group table combination floor ' +
    'session member order ordering call menu_item restaurant'
  ).split(' '),
)
const shownToFull = new Set(['guest'])
/** How to reach a guest, and what is between them and the house. */
const personal = /(^|_)(phone|phone_number|email|birthday|address|transcript)$/
/** What opens doors, or could be known again: for nobody. */
const secret = /(hash|jti|secret|token|sealed|user_agent)/

/** What the object keeps and sends of an event: its JSON without the number, for each that may look on. */
export type Rendered = {
  full: string
  /** Null where all see the same. */
  plain: string | null
  /** Whose consoles are cut off by it. */
  ends: string | null
  /** Whether what was kept before must go: somebody has the right to be forgotten. */
  forgets: boolean
}

/** R97. An event as consoles are to see it. */
export function renderEvent(event: StoredEvent): Rendered {
  const full = JSON.stringify(bodyOf(event, 'full'))
  const plain = JSON.stringify(bodyOf(event, 'plain'))
  return { full, plain: plain === full ? null : plain, ends: endsOf(event), forgets: event.type === 'guest.erased' }
}

function bodyOf(event: StoredEvent, sees: Sees): Omit<FeedEvent, 'seq' | 'type'> {
  const { type, subject_id, at, actor, request_id } = event
  return { event: type, subject_id, at, by: actor, request_id, data: dataOf(event, sees) }
}

/** R97. The thing as it became, without what this console may not see, and cut to what the feed carries. */
export function dataOf({ type, after }: Pick<StoredEvent, 'type' | 'after'>, sees: Sees): FeedEvent['data'] {
  const [area = ''] = type.split('.')
  if (!shown.has(area) && !(sees === 'full' && shownToFull.has(area))) return null
  if (!isRecord(after)) return null
  const visible = without(after, (name) => secret.test(name) || (sees === 'plain' && personal.test(name)))
  if (bytesOf(visible) <= longestData) return visible
  const brief = Object.fromEntries(Object.entries(visible).filter(([, value]) => isBrief(value)))
  return bytesOf(brief) <= longestData ? brief : null
}

type Json = StoredEvent['after']
type JsonRecord = { [name: string]: Json }

function without(record: JsonRecord, hidden: (name: string) => boolean): JsonRecord {
  const kept = Object.entries(record).filter(([name]) => !hidden(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutIn(value, hidden)]))
}
function withoutIn(value: Json, hidden: (name: string) => boolean): Json {
  if (Array.isArray(value)) return value.map((one) => withoutIn(one, hidden))
  return isRecord(value) ? without(value, hidden) : value
}

function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
function isBrief(value: Json): boolean {
  return typeof value === 'string' ? value.length <= 120 : bytesOf(value) <= 400
}
function bytesOf(value: Json): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}

/** R98. Whoever may no longer look on: a key that was revoked, somebody of the house who left or signed out. */
export function endsOf({ type, subject_id, after }: Pick<StoredEvent, 'type' | 'subject_id' | 'after'>): string | null {
  if (type === 'key.revoked') return `key:${subject_id}`
  if (endsStaff.has(type)) return `staff:${subject_id}`
  if (!endsSession.has(type) || !isRecord(after)) return null
  return typeof after['session_id'] === 'string' ? `sid:${after['session_id']}` : null
}
/** What somebody may do may have changed: they show themselves again. */
const endsStaff = new Set(['staff.changed', 'staff.removed', 'staff.signed_out_everywhere', 'staff.password_changed'])
const endsSession = new Set(['staff.signed_out', 'staff.refresh_reused'])
