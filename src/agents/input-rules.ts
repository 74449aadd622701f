import { storable } from '../platform/text.ts'

/** Fields that name somebody, or say what somebody said: known to the call's record, not to the log of its tools. */
const personal = new Set([
  'name',
  'phone',
  'email',
  'requests',
  'new_requests',
  'summary',
  'reason',
  'confirmation_code',
])
const secret = new Set(['commit_token', 'call_id'])
const numeric = new Set(['party_size', 'new_party_size', 'minutes'])
const timely = new Set(['time', 'new_time', 'from', 'to'])

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * What models write, as the shapes want it: numbers in quotation marks, "7:30 pm", nothing as an empty text. What is
 * not understood is left as it is, for the shape to refuse.
 */
export function readableInput(raw: unknown): unknown {
  if (raw === undefined || raw === null) return {}
  if (!isRecord(raw)) return raw
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]) => {
      if (typeof value !== 'string') return [key, value]
      const said = value.trim()
      if (said === '' || said === 'null') return [key, null]
      if (numeric.has(key) && /^\d{1,4}$/.test(said)) return [key, Number(said)]
      return [key, timely.has(key) ? clockTime(said) : said]
    }),
  )
}

/** "7:30 pm", "7pm", "9:05", "19:30:00" → HH:MM. */
export function clockTime(said: string): string {
  const match = /^(\d{1,2})(?::(\d{2}))?(?::\d{2})?\s*([ap])?\.?\s*(m\.?)?$/i.exec(said)
  if (!match) return said
  const [, hours = '', minutes = '00', half] = match
  if (half === undefined && match[2] === undefined) return said
  const hour = Number(hours)
  if (half !== undefined && (hour < 1 || hour > 12)) return said
  const pm = half?.toLowerCase() === 'p'
  const full = half === undefined ? hour : (hour % 12) + (pm ? 12 : 0)
  return `${String(full).padStart(2, '0')}:${minutes}`
}

/** The input as the record of the tool call keeps it: that something personal was given, not what. */
export function redacted(raw: unknown): Record<string, unknown> {
  const input = readableInput(raw)
  if (!isRecord(input)) return {}
  return Object.fromEntries(
    Object.entries(input)
      .filter(([key, value]) => !secret.has(key) && value !== null && value !== undefined)
      .slice(0, 30)
      .map(([key, value]) => [storable(key, 60), personal.has(key) ? '…' : short(value)]),
  )
}

const short = (value: unknown): unknown =>
  typeof value === 'string' ? storable(value, 120) : ['number', 'boolean'].includes(typeof value) ? value : '…'

const slots = ['date', 'time', 'party_size', 'name', 'phone', 'requests', 'area'] as const

/** What an input or a handoff makes known of the wish: the next agent is told, and does not ask again. */
export function slotsOf(raw: unknown): Record<string, unknown> {
  const input = readableInput(raw)
  if (!isRecord(input)) return {}
  const known: Record<string, unknown> = {}
  for (const slot of slots) {
    const value = input[`new_${slot}`] ?? input[slot]
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) known[slot] = short(value)
  }
  return known
}

/** The entities that a handoff brings filled. */
export function entitiesOf(data: Record<string, unknown>): string[] {
  return Object.entries(data)
    .filter(
      ([, value]) =>
        value !== null && value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
    )
    .map(([key]) => key)
    .toSorted()
}

/** A value as a commit token is bound to it: without what is absent and without the token itself. */
export function boundFields(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).filter(([key, value]) => key !== 'commit_token' && value !== null && value !== undefined),
  )
}
