import { addDays } from '../platform/time.ts'
import { answerTo } from './extract/asked-rules.ts'
import type { Chosen } from './extract/choose-rules.ts'
import { type Said, saidHour } from './extract/clock-rules.ts'
import { type Findings, findIn } from './extract/find-rules.ts'
import { codeOf, type Found } from './extract/grammar-rules.ts'
import { wishOf } from './extract/intent-rules.ts'
import { lexiconFor } from './extract/language-rules.ts'
import { hintFor, type House, type Time, timeOf } from './extract/resolve-rules.ts'
import { piecesOf } from './extract/tokens-rules.ts'
import type { ExtractRequest, Extraction } from './extract-schema.ts'

/** What a sentence is understood against. */
export type ExtractContext = {
  /** The local date on which it was said. */
  reference_date: string
  /** ISO 3166, for telephone numbers and the order of 3/5. */
  country: string
  /** BCP 47; decides where the words themselves leave the language open. */
  locale?: string | undefined
  /** Opening hours, for `half past seven`; null: by when people eat. */
  house: House | null
  /** What the speaker was asked just before. */
  asked?: ExtractRequest['asked']
}

type Span = Extraction['spans'][number]
type Value = { value: Span['value']; confidence: number; alternatives: Span['alternatives'] }

/** Where 3/5 is 5 March. */
const monthFirst = new Set(['US', 'PH', 'PR', 'GU'])
/** Nobody offers more than a few to choose from. */
const mostAlternatives = 4

/**
 * R210 to R218. Date, time, party, name, telephone and wish of a sentence, and nothing that it does not say.
 * The same sentence and context give the same answer; nothing is looked up and no model asked.
 */
export function extract(utterance: string, context: ExtractContext): Extraction {
  const pieces = piecesOf(utterance)
  const lexicon = lexiconFor(pieces, context.locale)
  const frame = { today: context.reference_date, month_first: monthFirst.has(context.country) }
  const found = findIn(pieces, utterance, lexicon, context.country, frame)
  const { whole, rest, name, phone, day, clock, party } = found

  const spanOf = (slot: Span['slot'], place: Found<unknown>, said: Value): Span[] => {
    const [first, last] = [whole.tokens[place.from], whole.tokens[place.to - 1]]
    if (!first || !last) return []
    const { start } = first
    return [{ slot, start, end: last.end, text: utterance.slice(start, last.end), ...said }]
  }
  const time = clock && timeIn(clock, found, context)
  const spans = [
    ...(day ? spanOf('date', day.one, dateValue(day, time)) : []),
    ...(clock && time ? spanOf('time', clock.one, timeValue(clock, time, found, context)) : []),
    ...(party ? spanOf('party_size', party.one, partyValue(party)) : []),
    ...(name ? spanOf('name', name, plain(name.value.name, name.value.sure ? 0.93 : 0.75)) : []),
    ...(phone ? spanOf('phone', phone.one, plain(phone.one.value, 0.95)) : []),
  ]
  if (context.asked && spans.length === 0) {
    const answer = answerTo(context.asked, rest, pieces, utterance, lexicon, frame.today)
    if (answer) spans.push(...spanOf(answer.slot, answer, answerValue(answer, context)))
  }

  const wish = wishOf(pieces, lexicon, {
    slots: spans.some(({ slot }) => slot !== 'name' && slot !== 'phone'),
    names: name !== null || phone !== null,
    unread: rest.line.includes(codeOf('num')) || rest.line.includes(codeOf('ord')),
    corrected: [day, clock, party].some((one) => one?.corrected),
    replaced: clock?.one.value.instead ?? false,
  })
  return {
    ...Object.fromEntries(spans.map(({ slot, value }) => [slot, value])),
    intent: wish.intent,
    ...(wish.topic === null ? {} : { topic: wish.topic }),
    confidence: Math.min(wish.confidence, ...spans.map(({ confidence }) => confidence)),
    language: lexicon.language,
    spans: spans.toSorted((a, b) => a.start - b.start),
  }
}

const plain = (value: Span['value'], confidence: number): Value => ({ value, confidence, alternatives: [] })

const timeIn = ({ one }: Chosen<Said>, { whole, day }: Findings, { reference_date, house }: ExtractContext): Time =>
  timeOf(one.value, hintFor(whole, one), day?.one.value.date ?? null, reference_date, house)

function timeValue(clock: Chosen<Said>, time: Time, found: Findings, context: ExtractContext): Value {
  const others = clock.others.map((one) => timeIn({ ...clock, one }, found, context).time)
  return valueOf(time.time, time.confidence, [...time.alternatives, ...others])
}

/** Friday at midnight is when Friday's evening ends: on Saturday. A date said to the day stays. */
function dateValue({ one, others }: Findings['day'] & {}, time: Time | null): Value {
  const { date, confidence, alternatives, exact } = one.value
  if (time?.next_day && !exact) return valueOf(addDays(date, 1), 0.7, [date])
  return valueOf(date, confidence, [...alternatives, ...others.map(({ value }) => value.date)])
}

function partyValue({ one, others }: Findings['party'] & {}): Value {
  const { size, confidence, alternatives } = one.value
  return valueOf(size, confidence, [...alternatives, ...others.map(({ value }) => value.size)])
}

function answerValue(answer: NonNullable<ReturnType<typeof answerTo>>, context: ExtractContext): Value {
  if (answer.slot !== 'time') return plain(answer.value, 0.85)
  const { time, confidence, alternatives } = timeOf(
    saidHour(answer.value),
    null,
    null,
    context.reference_date,
    context.house,
  )
  return valueOf(time, Math.min(0.85, confidence), alternatives)
}

const valueOf = (value: Span['value'], confidence: number, all: Span['alternatives']): Value => ({
  value,
  confidence,
  alternatives: [...new Set(all)].filter((one) => one !== value).slice(0, mostAlternatives),
})
