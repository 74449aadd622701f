import type { Found, Reading } from './grammar-rules.ts'

/** What was said of a slot, after corrections: the one that stands, and what it may be instead. */
export type Chosen<V> = { one: Found<V>; others: Found<V>[]; corrected: boolean }

const mostOthers = 4
const small = new Set(['the', 'on', 'at', 'for', 'date_the', 'my', 'a', 'party_of', 'table'])

/**
 * R217. The last one said stands: no, make it 8. One that is denied (not Friday; instead of 7) never does; of two to
 * choose from (7 or 8) the first stands. `weak`: below this confidence one gives way to a better one said earlier.
 */
export function choose<V>(reading: Reading, all: Found<V>[], sure: (value: V) => boolean): Chosen<V> | null {
  const kept = all.filter((one) => !isDenied(reading, one))
  const firsts = kept.filter((one, i) => !isOther(reading, kept[i - 1], one))
  const one = firsts.findLast(({ value }) => sure(value)) ?? firsts.at(-1)
  if (!one) return null
  const others: Found<V>[] = []
  for (let at = kept.indexOf(one) + 1; others.length < mostOthers && isOther(reading, kept[at - 1], kept[at]); at++) {
    const other = kept[at]
    if (other) others.push(other)
  }
  return { one, others, corrected: kept.length < all.length || firsts.length > 1 }
}

function isDenied(reading: Reading, { from, to }: { from: number; to: number }): boolean {
  if (reading.tokens[to]?.kind === 'not_after' || reading.tokens[to + 1]?.kind === 'not_after') return true
  let at = from - 1
  while (at >= 0 && small.has(reading.tokens[at]?.kind ?? '')) at -= 1
  return reading.tokens[at]?.kind === 'not'
}

function isOther(reading: Reading, first: Found<unknown> | undefined, second: Found<unknown> | undefined): boolean {
  if (!first || !second) return false
  const between = reading.tokens.slice(first.to, second.from).map(({ kind }) => kind)
  if (between.length > 2 || between.length === 0) return false
  if (between.includes('or')) return true
  const opened = [first.from - 1, first.from].some((at) => reading.tokens[at]?.kind === 'between')
  return opened && between[0] === 'and'
}
