import type { Found, Reading } from './grammar-rules.ts'
import type { Kind } from './kinds-rules.ts'
import type { Piece } from './tokens-rules.ts'
import { type Lexicon, phraseAt } from './words-rules.ts'

export type Name = { name: string; sure: boolean }

const mostWords = 6
const mostCharacters = 6
const asian = /^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]+$/u
const word = /^[\p{L}\p{M}'’]+$/u
const never = new Set<Kind>([
  'weekday',
  'meridiem',
  'today_part',
  'day',
  'num',
  'oclock',
  'hour',
  'feast',
  'meal',
  'table',
  'people',
  'child',
  'alone',
])
const breaks = new Set(['.', ',', '!', '?', ';', ':', '。', '，', '、', '(', ')'])

/** R215. The name a sentence gives for the booking: beside words that introduce one, never a word on its own. */
export function nameIn(pieces: Piece[], reading: Reading, utterance: string, lexicon: Lexicon): Found<Name> | null {
  // Speech recognition writes without capitals: then a word of no other meaning may be a name too.
  const plain = !pieces.some((one, i) => one.capital && i > 0 && one.text !== 'i')
  const kindOf = kindsOf(pieces, reading)
  let found: { from: number; to: number; sure: boolean } | null = null
  for (let at = 0; at < pieces.length; at++) {
    const sure = phraseAt(lexicon.sure, pieces, at)
    const cue = sure ?? phraseAt(lexicon.likely, pieces, at)
    const behind = cue ? null : phraseAt(lexicon.after, pieces, at)
    const from = cue ? at + cue.words.length : nameStart(pieces, at, lexicon)
    const to = cue ? nameEnd(pieces, from, kindOf, lexicon, sure !== null && plain) : behind ? at : from
    // A later one corrects an earlier one; a likely one does not displace a sure one.
    if (to <= from || (found?.sure && !sure && !behind)) continue
    found = { from, to, sure: sure !== null || behind !== null }
    at = Math.max(at, to - 1)
  }
  return found && inTokens(found, pieces, reading, utterance)
}

function inTokens(
  found: { from: number; to: number; sure: boolean },
  pieces: Piece[],
  { tokens }: Reading,
  utterance: string,
): Found<Name> | null {
  const start = pieces[found.from]?.start ?? 0
  const end = pieces[found.to - 1]?.end ?? 0
  const from = tokens.findIndex((one) => one.end > start)
  const past = tokens.findIndex((one) => one.start >= end)
  const name = shown(utterance.slice(start, end))
  return from < 0 || name === ''
    ? null
    : { from, to: past < 0 ? tokens.length : past, value: { name, sure: found.sure } }
}

/** What each piece is part of. */
function kindsOf(pieces: Piece[], { tokens }: Reading): (at: number) => Kind {
  const kinds: Kind[] = []
  let at = 0
  for (const piece of pieces) {
    while ((tokens[at]?.end ?? Infinity) <= piece.start) at += 1
    kinds.push(tokens[at]?.kind ?? 'word')
  }
  return (index) => kinds[index] ?? 'word'
}

function nameEnd(
  pieces: Piece[],
  from: number,
  kindOf: (at: number) => Kind,
  lexicon: Lexicon,
  plain: boolean,
): number {
  let to = from
  let characters = 0
  for (let at = from; at < pieces.length && at - from < mostWords + characters; at++) {
    const piece = pieces[at]
    if (!piece || characters >= mostCharacters) break
    if (asian.test(piece.text)) {
      if (lexicon.stops.has(piece.text) || (kindOf(at) !== 'num' && never.has(kindOf(at)))) break
      characters += 1
    } else if (!belongs(pieces, piece, at, from, kindOf(at), lexicon, plain)) break
    if (word.test(piece.text) && (piece.capital || !lexicon.particles.has(piece.text))) to = at + 1
  }
  return to
}

function belongs(
  pieces: Piece[],
  piece: Piece,
  at: number,
  from: number,
  kind: Kind,
  lexicon: Lexicon,
  plain: boolean,
): boolean {
  // Dr. Chen, J. Smith: a dot after a short word in a name does not end it.
  if (piece.text === '.')
    return at > from && (pieces[at - 1]?.text.length ?? 9) <= 2 && pieces[at + 1]?.capital === true
  if (!word.test(piece.text)) return false
  if (piece.capital && lexicon.particles.has(piece.text)) return true
  if (piece.capital)
    return kind === 'word' || (!never.has(kind) && (plain || at > from || !lexicon.stops.has(piece.text)))
  if (lexicon.particles.has(piece.text)) return at > from || pieces[at + 1]?.capital === true
  return plain && !lexicon.stops.has(piece.text) && !lexicon.common.has(piece.text) && kind === 'word'
}

/** Where the name begins that ends at a piece: 田中と申します. */
function nameStart(pieces: Piece[], end: number, lexicon: Lexicon): number {
  let from = end
  while (from > 0 && end - from < mostCharacters) {
    const before = pieces[from - 1]
    if (!before || breaks.has(before.text) || lexicon.stops.has(before.text) || !word.test(before.text)) break
    from -= 1
  }
  return from
}

/** As it was written; all small, as speech recognition writes it, with capitals. */
function shown(name: string): string {
  const whole = name.replace(/\s+/g, ' ').replace(/[.'’\s]+$/u, '')
  return /\p{Lu}/u.test(whole) ? whole : whole.replace(/(^|[\s'’-])(\p{Ll})/gu, (all) => all.toUpperCase())
}
