import { codeOf, type Reading, type Token } from './grammar-rules.ts'
import type { Kind } from './kinds-rules.ts'
import { type Lexicon, phraseAt } from './words-rules.ts'

/** A piece of the utterance before its language is known. */
export type Piece = { start: number; end: number; text: string; digits: number; capital: boolean; gap: boolean }

const piece =
  /(\p{Nd}+)|([\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー])|([[\p{L}\p{M}]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]]+)|(\S)/gv
const ascii = /^[\x00-\x7f]*$/ // oxlint-disable-line no-control-regex
const letters = /^[\p{L}\p{M}]/u
/** What joins two words as a space would: o'clock, l'heure, twenty-five. Some people write o"clock. */
const joins = new Set(["'", '’', '‘', '`', '"', '-', '‐', '‑'])
const signs: [Kind, string][] = [
  ['colon', ':：'],
  ['dot', '.'],
  ['comma', ',、，—'],
  ['slash', '/'],
  ['dash', '-–'],
  ['plus', '+＋'],
  ['stop', '!?;。？！¿¡'],
  ['hash', '#'],
  ['bracket', '()'],
  ['money', '$€£¥'],
  ['at', '@'],
]
const marks = new Map<string, Kind>(signs.flatMap(([kind, all]) => all.split('').map((sign) => [sign, kind])))

/** The utterance in pieces: numbers, words, single Chinese and Japanese characters, marks. */
export function piecesOf(utterance: string): Piece[] {
  const pieces: Piece[] = []
  let last = 0
  for (const match of utterance.matchAll(piece)) {
    const [raw, number, han, word] = match
    const start = match.index
    const end = start + raw.length
    const gap = start > last || start === 0
    last = end
    const text = number ? asciiDigits(number) : folded(word ?? han ?? raw)
    const capital = word !== undefined && /^\p{Lu}/u.test(word)
    pieces.push({ start, end, text, digits: number ? text.length : 0, capital, gap })
  }
  return pieces.filter((one, i) => !joinsWords(pieces, one, i))
}

function joinsWords(pieces: Piece[], one: Piece, at: number): boolean {
  const [before, after] = [pieces[at - 1], pieces[at + 1]]
  if (!joins.has(one.text) || !before || !after || one.gap || after.gap) return false
  return letters.test(before.text) && letters.test(after.text)
}

/** Lower case, without accents. Japanese voicing marks stay. */
function folded(word: string): string {
  const lower = word.toLowerCase()
  if (ascii.test(lower)) return lower
  const plain = lower.normalize('NFKD').replace(/[\u0300-\u036f]/g, '')
  return plain.replaceAll('ß', 'ss').normalize('NFC')
}

/** Digits of any script. Each script's ten stand in a row, the zero first. */
function asciiDigits(number: string): string {
  const plain = number.normalize('NFKC')
  if (ascii.test(plain)) return plain
  return Array.from(plain, (digit) => String(digitValue(digit.codePointAt(0) ?? 48))).join('')
}

function digitValue(point: number): number {
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(point - value - 1))) value += 1
  return value
}

/** The pieces as a language reads them: the longest phrases first. */
export function readWith(pieces: Piece[], lexicon: Lexicon): Reading {
  const tokens: Token[] = []
  for (let at = 0; at < pieces.length;) {
    const one = pieces[at]
    if (!one) break
    const { token, length } = tokenAt(pieces, one, at, lexicon)
    tokens.push(token)
    at += length
  }
  return { tokens, line: tokens.map(({ kind }) => codeOf(kind)).join(''), language: lexicon.language }
}

function tokenAt(pieces: Piece[], one: Piece, at: number, lexicon: Lexicon): { token: Token; length: number } {
  const of = (kind: Kind, value: number, length: number): { token: Token; length: number } => ({
    token: { ...one, end: pieces[at + length - 1]?.end ?? one.end, kind, value },
    length,
  })
  if (one.digits > 0) {
    const next = pieces[at + 1]
    const value = one.digits > 15 ? Number.NaN : Number(one.text)
    if (next && !next.gap && lexicon.suffixes.has(next.text)) return of('ord', value, 2)
    return of('num', value, 1)
  }
  const phrase = phraseAt(lexicon.phrases, pieces, at)
  if (phrase) return of(phrase.value.kind, phrase.value.value, phrase.words.length)
  return of(marks.get(one.text) ?? 'word', 0, 1)
}
