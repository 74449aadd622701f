import type { Piece } from './tokens-rules.ts'
import { german } from './words-de-rules.ts'
import { english } from './words-en-rules.ts'
import { spanish } from './words-es-rules.ts'
import { french } from './words-fr-rules.ts'
import { italian } from './words-it-rules.ts'
import { japanese } from './words-ja-rules.ts'
import { portuguese } from './words-pt-rules.ts'
import { type Lexicon, lexiconOf, type Words } from './words-rules.ts'
import { chinese } from './words-zh-rules.ts'

/** English first: it stays where the words leave it open and nobody said otherwise. */
const spaced = [english, spanish, french, german, italian, portuguese]

const built = new Map<Words, Lexicon>()
/** Made at the first sentence that needs it: an isolate that never hears one starts without. */
function lexicon(words: Words): Lexicon {
  const known = built.get(words)
  if (known) return known
  const made = lexiconOf(words)
  built.set(words, made)
  return made
}

const han = /\p{sc=Han}/u
const kana = /[\p{sc=Hira}\p{sc=Kana}]/u
/** Between languages that know as many words, the one expected. */
const preference = 0.5

/** R210. The language by which a sentence is read: the one that knows most of its words. */
export function lexiconFor(pieces: Piece[], locale: string | undefined): Lexicon {
  const wanted = locale?.slice(0, 2)
  if (pieces.some(({ text }) => kana.test(text))) return lexicon(japanese)
  const written = (pieces.some(({ text }) => han.test(text)) ? [chinese, japanese] : spaced).map(lexicon)
  let best = lexicon(english)
  let most = -1
  for (const one of written) {
    const known = pieces.reduce((sum, { text, digits }) => sum + (digits === 0 && one.vocabulary.has(text) ? 1 : 0), 0)
    const score = known + (one.language === wanted ? preference : 0)
    if (score > most) [best, most] = [one, score]
  }
  return best
}
