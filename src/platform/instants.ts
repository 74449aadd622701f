import { isoAt } from './time.ts'

/**
 * R299. The same value, its instants (`at`, `…_at`) as the house writes them: with its own offset, to the second. What
 * is no instant stays. Lists and what they hold are gone through too.
 */
export function withHouseTimes<T>(value: T, timezone: string): T {
  // Texts take the place of texts, and nothing else changes: the type is what it was.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return respelled(value, timezone) as T
}

function respelled(value: unknown, timezone: string): unknown {
  if (Array.isArray(value)) return value.map((one) => respelled(one, timezone))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      isInstant(name, one) ? isoAt(Date.parse(one), timezone) : respelled(one, timezone),
    ]),
  )
}

function isInstant(name: string, value: unknown): value is string {
  return /(^|_)at$/.test(name) && typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value)
}
