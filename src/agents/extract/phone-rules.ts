import { toE164 } from '../../platform/phone.ts'
import type { Found, Reading } from './grammar-rules.ts'

const longest = 15
const mostInRow = 30
const joints = new Set(['dash', 'dot', 'slash', 'bracket', 'plus', 'comma', 'to'])
type Run = { from: number; to: number; digits: string; plus: boolean }

/** R214. Telephone numbers, in digits or spoken digit by digit, as E.164; national ones are the country's. */
export function phonesIn(reading: Reading, country: string): Found<string>[] {
  const found: Found<string>[] = []
  let at = 0
  while (at < reading.tokens.length) {
    const one = phoneAt(reading, at, country)
    if (one) found.push(one)
    at = one ? one.to : afterLongRun(reading, at)
  }
  return found
}

/** The next token to look at: past the whole run where it has more digits than a few numbers have together. */
function afterLongRun({ tokens }: Reading, from: number): number {
  let digits = 0
  let at = from
  for (; tokens[at]?.kind === 'num'; at++) digits += Math.max(1, tokens[at]?.digits ?? 1)
  return digits > mostInRow ? at : from + 1
}

/** The longest run of digits from a token on that can be a number. */
function phoneAt(reading: Reading, from: number, country: string): Found<string> | null {
  const first = reading.tokens[from]
  if (!first || !['num', 'plus', 'bracket', 'times'].includes(first.kind)) return null
  const runs = runsFrom(reading, from)
  for (const run of runs.toReversed()) {
    if (run.digits.length < 7) continue
    const phone = toE164(run.plus ? `+${run.digits}` : run.digits, country)
    if (phone !== null) return { from: run.from, to: run.to, value: phone }
  }
  return null
}

/** Ever longer runs of digits. Times (19:30) and dates (2026-12-04) are none. */
function runsFrom(reading: Reading, from: number): Run[] {
  const runs: Run[] = []
  const { tokens } = reading
  let digits = ''
  let times = 1
  let joined = 0
  let plus = false
  for (let at = from; at < tokens.length && digits.length <= longest; at++) {
    const token = tokens[at]
    if (!token) break
    if (token.kind === 'num') {
      if (tokens[at + 1]?.kind === 'colon' || isDate(reading, at)) break
      const said = token.digits > 0 ? token.text : String(token.value)
      digits += said.repeat(times)
      times = 1
      joined = 0
      runs.push({ from, to: at + 1, digits, plus })
    } else if (token.kind === 'times' && times === 1) times = token.value
    else if (token.kind === 'plus' && digits === '' && !plus) plus = true
    else if (!joints.has(token.kind) || joined >= 3 || token.kind === 'to') break
    else joined += 1
  }
  return runs.filter((run) => wholly(reading, run))
}

/** Digits that letters touch (a code, a size) are no telephone's. */
function wholly({ tokens }: Reading, { to }: Run): boolean {
  const next = tokens[to]
  return !next || next.gap || next.kind !== 'word'
}

/** 2026-12-04, 4/12/2026. */
function isDate({ tokens }: Reading, at: number): boolean {
  const [first, a, second, b, third] = tokens.slice(at, at + 5)
  if (!first || !second || !third || !a || a.kind !== b?.kind || !['dash', 'slash', 'dot'].includes(a.kind))
    return false
  const year = first.digits === 4 ? first : third
  const [one, other] = year === first ? [second, third] : [first, second]
  return year.digits === 4 && year.value >= 2000 && year.value < 2200 && one.digits <= 2 && other.digits <= 2
}
