import { type Kind, kinds } from './kinds-rules.ts'

/** One or more words that mean one thing. `start` and `end` are UTF-16 offsets into the utterance. */
export type Token = {
  start: number
  end: number
  /** Lower case, without accents, digits as ASCII. */
  text: string
  kind: Kind
  value: number
  /** Written in digits, and how many. */
  digits: number
  capital: boolean
  /** Whether space comes before it. */
  gap: boolean
}

/** The tokens, and each token's kind as one character, so that a rule over kinds is a regular expression. */
export type Reading = { tokens: Token[]; line: string; language: string }
export type Parts = Record<string, Token | undefined>
/** What a rule found: tokens `from` up to, not including, `to`. */
export type Found<V> = { from: number; to: number; value: V }
type Make<V> = (parts: Parts, around: { reading: Reading; from: number; to: number }) => V | null
export type Rule<V> = { pattern: RegExp; labels: string[]; first: string; make: Make<V> }

const code = new Map<string, string>(kinds.map((kind, i) => [kind, String.fromCharCode(0xe000 + i)]))
export const codeOf = (kind: string): string => code.get(kind) ?? ''
const anyOf = (names: string): string => `[${names.split('|').map(codeOf).join('')}]`
/** Alternatives of rows: `num.colon|slash` is a number and a colon, or a stroke. */
const rows = (names: string): string =>
  names
    .split('|')
    .map((row) => row.split('.').map(codeOf).join(''))
    .join('|')

/**
 * A rule of the grammar. Its pattern is a row of kinds: `h=num colon m=num after=meridiem|daypart?` has labels,
 * alternatives and optional items; `!num.colon|slash` must not follow, `<at` and `<!at` must and must not come before.
 * Nothing repeats, so that reading takes time linear in the utterance.
 */
export function rule<V>(pattern: string, make: Make<V>): Rule<V> {
  const labels: string[] = []
  let source = ''
  let first = ''
  let begun = false
  for (const item of pattern.split(' ')) {
    if (item.startsWith('<!')) source += `(?<!${rows(item.slice(2))})`
    else if (item.startsWith('<')) source += `(?<=${rows(item.slice(1))})`
    else if (item.startsWith('!')) source += `(?!${rows(item.slice(1))})`
    else {
      const optional = item.endsWith('?')
      const [left = '', right] = (optional ? item.slice(0, -1) : item).split('=')
      labels.push(left)
      source += `(${anyOf(right ?? left)}${optional ? '?' : ''})`
      if (!begun) first += (right ?? left).split('|').map(codeOf).join('')
      begun ||= !optional
    }
  }
  return { pattern: new RegExp(source, 'y'), labels, first, make }
}

/** The rules by what they can begin with, each list in the order given: the first that holds is taken. */
export type Grammar<V> = Map<string, Rule<V>[]>
export function grammar<V>(rules: Rule<V>[]): Grammar<V> {
  return new Map([...code.values()].map((char) => [char, rules.filter((one) => one.first.includes(char))]))
}

/** Everything that the grammar finds, from left to right, without overlap. */
export function scan<V>(reading: Reading, rules: Grammar<V>): Found<V>[] {
  const found: Found<V>[] = []
  let from = 0
  while (from < reading.line.length) {
    const one = findAt(reading, rules, from)
    if (one) found.push(one)
    from = one ? one.to : from + 1
  }
  return found
}

function findAt<V>(reading: Reading, rules: Grammar<V>, from: number): Found<V> | null {
  for (const { pattern, labels, make } of rules.get(reading.line.charAt(from)) ?? []) {
    pattern.lastIndex = from
    const match = pattern.exec(reading.line)
    if (!match) continue
    const to = from + match[0].length
    const value = make(partsOf(reading.tokens, labels, match, from), { reading, from, to })
    if (value !== null && to > from) return { from, to, value }
  }
  return null
}

function partsOf(tokens: Token[], labels: string[], match: RegExpExecArray, from: number): Parts {
  const parts: Parts = {}
  let at = from
  for (const [i, label] of labels.entries()) {
    if (!match[i + 1]) continue
    parts[label] = tokens[at]
    at += 1
  }
  return parts
}

/** The reading with what was found taken out, so that no other rule reads it as something else. */
export function without(reading: Reading, found: { from: number; to: number }[]): Reading {
  if (found.length === 0) return reading
  const line = reading.line.split('')
  for (const { from, to } of found) line.fill(codeOf('used'), from, to)
  return { ...reading, line: line.join('') }
}

/** The kind of a token as it still stands: `used` once something has taken it. */
export const kindAt = (reading: Reading, at: number): Kind | null => {
  const char = reading.line.charCodeAt(at)
  return kinds[char - 0xe000] ?? null
}
