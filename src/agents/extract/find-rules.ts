import { isoWeekday } from '../../platform/time.ts'
import { type Day, isNear } from './calendar-rules.ts'
import { choose, type Chosen } from './choose-rules.ts'
import { bareClockGrammar, clockGrammar, type Said } from './clock-rules.ts'
import { dateGrammar } from './date-rules.ts'
import { codeOf, type Found, type Reading, scan, without } from './grammar-rules.ts'
import { type Name, nameIn } from './name-rules.ts'
import { noiseGrammar } from './noise-rules.ts'
import { companyAt, type Party, partyGrammar } from './party-rules.ts'
import { phonesIn } from './phone-rules.ts'
import type { DateFrame, SaidDay } from './said-day-rules.ts'
import { type Piece, readWith } from './tokens-rules.ts'
import type { Lexicon } from './words-rules.ts'

/** What is in a sentence. Times still lack their half of the day where nobody said it. */
export type Findings = {
  whole: Reading
  /** What is left: its numbers were read as nothing. */
  rest: Reading
  name: Found<Name> | null
  phone: Chosen<string> | null
  day: Chosen<Day> | null
  clock: Chosen<Said> | null
  party: Chosen<Party> | null
}

/**
 * Reads a sentence in passes, the surest first; what one has read no later one reads as something else: names and
 * telephones, noise, times that can be nothing else, dates, parties, and last what only its place makes a time.
 */
export function findIn(
  pieces: Piece[],
  utterance: string,
  lexicon: Lexicon,
  country: string,
  frame: DateFrame,
): Findings {
  const whole = readWith(pieces, lexicon)
  const name = nameIn(pieces, whole, utterance, lexicon)
  const named = name ? without(whole, [name]) : whole
  const phones = phonesIn(named, country)
  const called = without(named, phones)
  const quiet = without(called, scan(called, noiseGrammar))
  const clocks = scan(quiet, clockGrammar)
  const timed = keepToday(quiet, without(quiet, clocks))
  const dates = scan(timed, dateGrammar)
  const dated = without(timed, dates)
  const counts = partiesIn(dated)
  const counted = without(dated, counts)
  const bare = scan(counted, bareClockGrammar)
  const { parties, times } = settled(counts, clocks, bare)
  return {
    whole,
    rest: without(counted, bare),
    name,
    phone: choose(whole, phones, () => true),
    day: dayOf(whole, dates, frame),
    clock: choose(whole, times, ({ sure, instead }) => sure || instead),
    party: choose(whole, parties, ({ confidence }) => confidence > 0.7),
  }
}

/** Tonight gives a time its half of the day, and is a date all the same. */
function keepToday(before: Reading, after: Reading): Reading {
  const today = codeOf('today_part')
  return {
    ...after,
    line: after.line
      .split('')
      .map((char, at) => (before.line[at] === today ? today : char))
      .join(''),
  }
}

const byPlace = (a: Found<unknown>, b: Found<unknown>): number => a.from - b.from

/** Make it 8: a time where one was said, a party where only that was, else what such a number mostly is. */
function settled(
  counts: Found<Party>[],
  clocks: Found<Said>[],
  bare: Found<Said>[],
): { parties: Found<Party>[]; times: Found<Said>[] } {
  const timed = clocks.length > 0 || bare.some(({ value }) => !value.instead)
  const heads = timed ? [] : bare.filter(({ value }) => value.instead && (counts.length > 0 || value.hour < 5))
  const parties = heads.map(({ from, to, value }) => ({
    from,
    to,
    value: { size: value.hour, confidence: counts.length > 0 ? 0.75 : 0.55, alternatives: [] },
  }))
  const times = [...clocks, ...bare.filter((one) => !heads.includes(one))]
  return { parties: [...counts, ...parties].toSorted(byPlace), times: times.toSorted(byPlace) }
}

function partiesIn(reading: Reading): Found<Party>[] {
  const companies: Found<Party>[] = []
  for (let at = 0; at < reading.line.length; at++) {
    const one = companyAt(reading, at)
    if (!one) continue
    companies.push({ from: at, to: one.to, value: one.value })
    at = one.to - 1
  }
  const rest = scan(without(reading, companies), partyGrammar)
  return [...companies, ...rest].toSorted((a, b) => a.from - b.from)
}

function dayOf(whole: Reading, found: Found<SaidDay>[], frame: DateFrame): Chosen<Day> | null {
  const days = found.flatMap(({ from, to, value }) => {
    const day = value(frame, whole)
    return day && (isNear(frame.today, day.date) || day.exact) ? [{ from, to, value: day }] : []
  })
  // The 8th, a Friday; Friday next week, the 8th: the weekday adds nothing.
  const adds = (one: Found<Day>, other: Found<Day> | undefined): boolean => {
    if (!other?.value.exact || one.value.exact) return true
    const near = Math.min(Math.abs(one.from - other.to), Math.abs(other.from - one.to)) <= 2
    const weekday = whole.tokens.slice(one.from, one.to).find(({ kind }) => kind === 'weekday')
    return !(near && weekday && weekday.value === isoWeekday(other.value.date))
  }
  const said = days.filter((one, i) => adds(one, days[i - 1]) && adds(one, days[i + 1]))
  return choose(whole, said, () => true)
}
