import type { ExtractRequest } from '../extract-schema.ts'
import { dayOfMonth } from './calendar-rules.ts'
import { codeOf, type Reading, type Token } from './grammar-rules.ts'
import type { Piece } from './tokens-rules.ts'
import type { Lexicon } from './words-rules.ts'

type Asked = NonNullable<ExtractRequest['asked']>
/** A bare answer; a `time` is still an hour without its half of the day. */
export type Answer =
  | { slot: 'date' | 'name'; from: number; to: number; value: string }
  | { slot: 'time' | 'party_size'; from: number; to: number; value: number }

const word = /^[\p{L}\p{M}]+$/u

/** R218. A bare `four` or `Anna Rossi`, read as the answer to what was asked just before; null where it is none. */
export function answerTo(
  asked: Asked,
  reading: Reading,
  pieces: Piece[],
  utterance: string,
  lexicon: Lexicon,
  today: string,
): Answer | null {
  if (asked === 'name') return nameAlone(reading, pieces, utterance, lexicon)
  const free = reading.tokens.flatMap((token, at) => (isNumber(reading, token, at) ? [{ token, at }] : []))
  const [only] = free
  if (!only || free.length > 1) return null
  const { value, digits } = only.token
  const place = { from: only.at, to: only.at + 1 }
  if (digits > 3) return null
  if (asked === 'party_size' && value >= 1) return { slot: 'party_size', ...place, value }
  if (asked === 'time' && value >= 1 && value <= 23) return { slot: 'time', ...place, value }
  const day = asked === 'date' && value >= 1 && value <= 31 ? dayOfMonth(today, value) : null
  return day && { slot: 'date', ...place, value: day.date }
}

const isNumber = ({ line }: Reading, { kind }: Token, at: number): boolean =>
  (kind === 'num' || kind === 'ord') && line[at] === codeOf(kind)

function nameAlone({ tokens }: Reading, pieces: Piece[], utterance: string, lexicon: Lexicon): Answer | null {
  const words = pieces.filter(({ text }) => word.test(text))
  const [first, last] = [words[0], words.at(-1)]
  const isName = words.every(
    (one) => !lexicon.common.has(one.text) && (one.capital || !lexicon.vocabulary.has(one.text)),
  )
  if (!first || !last || words.length > 4 || !isName || words.length < pieces.filter(({ text }) => text !== '.').length)
    return null
  return { slot: 'name', from: 0, to: tokens.length, value: utterance.slice(first.start, last.end) }
}
