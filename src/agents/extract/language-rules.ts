import type { Piece } from './tokens-rules.ts'
import { german } from './words-de-rules.ts'
import { english } from './words-en-rules.ts'
import { spanish } from './words-es-rules.ts'
import { french } from './words-fr-rules.ts'
import { italian } from './words-it-rules.ts'
import { japanese } from './words-ja-rules.ts'
import { portuguese } from './words-pt-rules.ts'
import { type Lexicon, lexiconOf } from './words-rules.ts'
import { chinese } from './words-zh-rules.ts'

const englishLexicon = lexiconOf(english)
const chineseLexicon = lexiconOf(chinese)
const japaneseLexicon = lexiconOf(japanese)
/** English first: it stays where the words leave it open and nobody said otherwise. */
const spaced = [englishLexicon, ...[spanish, french, german, italian, portuguese].map(lexiconOf)]

const han = /\p{sc=Han}/u
const kana = /[\p{sc=Hira}\p{sc=Kana}]/u
/** Between languages that know as many words, the one expected. */
const preference = 0.5

/** R210. The language by which a sentence is read: the one that knows most of its words. */
export function lexiconFor(pieces: Piece[], locale: string | undefined): Lexicon {
  const wanted = locale?.slice(0, 2)
  if (pieces.some(({ text }) => kana.test(text))) return japaneseLexicon
  const written = pieces.some(({ text }) => han.test(text)) ? [chineseLexicon, japaneseLexicon] : spaced
  let best = written[0] ?? englishLexicon
  let most = -1
  for (const lexicon of written) {
    const known = pieces.reduce(
      (sum, { text, digits }) => sum + (digits === 0 && lexicon.vocabulary.has(text) ? 1 : 0),
      0,
    )
    const score = known + (lexicon.language === wanted ? preference : 0)
    if (score > most) [best, most] = [lexicon, score]
  }
  return best
}
