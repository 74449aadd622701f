import { grammar, type Grammar, kindAt, type Parts, type Reading, rule, type Token } from './grammar-rules.ts'

export type Party = { size: number; confidence: number; alternatives: number[] }

/** More than any house seats at once is a number of something else. */
const most = 500
const party = (size: number, confidence: number, alternatives: number[] = []): Party | null =>
  Number.isInteger(size) && size >= 1 && size <= most ? { size, confidence, alternatives } : null
const value = (token: Token | undefined): number => token?.value ?? 0
const notParty =
  '!hour|oclock|colon|month|meridiem|daypart|slash|duration|unit|street|weeks|days|minus|past|dash|num|month_mark|day_mark|birthday|table|dot.num|of.month'

/** R213. Ways to say how many. Sums (two adults and a kid) are put together afterwards. */
export const partyGrammar: Grammar<Party> = grammar<Party>([
  rule('a=num or|to|dash b=num more? people', (p) => either(p)),
  rule('between a=num and b=num more? people', (p) => either(p)),
  rule('for|party_of a=num or|to|dash b=num !colon|hour|meridiem|oclock', (p) => either(p)),
  rule('a=num people to n=num !colon|hour|oclock|meridiem', (p) => party(value(p['n']), 0.8)),
  rule('n=num|a more? k=people|child', (p) => {
    const { n, k } = p
    if (n?.kind === 'a' && k?.kind === 'people') return null
    return party(value(n), 0.96)
  }),
  rule('party_of n=num !colon|meridiem|hour|oclock', (p) => party(value(p['n']), 0.95)),
  rule('n=alone', (p) => party(value(p['n']), 0.93)),
  rule(`we_are for=for|in? n=num ${notParty}`, (p) =>
    p['for']?.value === 1 && p['n']?.value === 1 ? null : party(value(p['n']), 0.85),
  ),
  rule(`table n=num table ${notParty}`, (p) => party(value(p['n']), 0.8)),
  rule(`table for n=num ${notParty}`, (p) => party(value(p['n']), 0.95)),
  rule(`make_it for n=num ${notParty}`, (p) => party(value(p['n']), 0.85)),
  rule(`for n=num ${notParty}`, (p, { reading, to }) => {
    const next = reading.tokens[to]?.kind
    // Where one is also the article, `para una …` is not yet one person.
    const spelled = p['n']?.value === 1 && p['n'].digits === 0
    const article = spelled && (reading.language !== 'en' || p['for']?.value === 1)
    return article && (next === 'word' || next === 'meal') ? null : party(value(p['n']), 0.85)
  }),
])

/** Four or five people: the larger, since a table for it holds both. */
function either(p: Parts): Party | null {
  const [a, b] = [value(p['a']), value(p['b'])]
  return a < b ? party(b, 0.6, [a]) : party(a, 0.6, [b])
}

/** Me and 3 friends; my wife, our two kids and I: at least two, one of them the speaker. Null where it is none. */
export function companyAt(reading: Reading, from: number): { to: number; value: Party } | null {
  let at = from
  let heads = 0
  let to = from
  const seen = { self: false, companion: false, people: false }
  for (let item = 0; item < 12; item++) {
    const one = memberAt(reading, at)
    if (!one) break
    heads += one.heads
    seen[one.kind] = true
    at = to = one.to
    const joint = kindAt(reading, at)
    if (joint === 'comma') at += kindAt(reading, at + 1) === 'and' ? 2 : 1
    else if (joint === 'and') at += 1
    else break
  }
  // For one person and I want it on …: the speaker begins to speak of something else.
  const more = kindAt(reading, to)
  const speaks = reading.tokens[to - 1]?.text === 'i' && seen.people && (more === 'word' || more === 'my')
  if (speaks) return null
  const counted = (seen.self && (seen.companion || seen.people)) || (seen.people && heads > 1 && to > from + 2)
  const size = party(heads, seen.people && !seen.self ? 0.96 : 0.85)
  return counted && size ? { to, value: size } : null
}

function memberAt(
  reading: Reading,
  from: number,
): { heads: number; kind: 'self' | 'companion' | 'people'; to: number } | null {
  const first = reading.tokens[from]
  const kind = kindAt(reading, from)
  if (!first || kind === null) return null
  if (kind === 'self') return { heads: 1, kind: 'self', to: from + 1 }
  let at = from
  let count: number | null = null
  if (kindAt(reading, at) === 'my') at += 1
  const counter = kindAt(reading, at)
  if (counter === 'num' || counter === 'a') {
    count = value(reading.tokens[at])
    at += 1
  }
  if (kindAt(reading, at) === 'more') at += 1
  const what = kindAt(reading, at)
  const word = reading.tokens[at]
  if (count === null && at === from && reading.language !== 'zh') return null
  if (what === 'companion') {
    // Friends without a number are nobody knows how many.
    const heads = count ?? value(word)
    return heads > 0 ? { heads, kind: 'companion', to: at + 1 } : null
  }
  if (what !== 'people' && what !== 'child') return null
  const heads = count ?? (what === 'child' ? value(word) : 1)
  return heads > 0 ? { heads, kind: count === null ? 'companion' : 'people', to: at + 1 } : null
}
