import type { Piece } from './tokens-rules.ts'
import { type Intent, type Lexicon, phraseAt, type Topic } from './words-rules.ts'

const topics = new Set<string>(['hours', 'menu', 'location', 'allergens', 'policy', 'contact'])
const isTopic = (one: Intent | Topic): one is Topic => topics.has(one)
/** Which wins where two are said with equal weight. */
const order: (Intent | Topic)[] = [
  'human',
  'cancel',
  'late',
  'waitlist',
  'find',
  'change',
  'allergens',
  'policy',
  'hours',
  'location',
  'contact',
  'menu',
  'book',
  'deny',
  'confirm',
]

export type Wish = { intent: Intent; topic: Topic | null; confidence: number }

/** What else a sentence says: by it a yes is an answer to act on, or not. */
export type Besides = {
  /** A date, time or party. */
  slots: boolean
  /** A name or telephone. */
  names: boolean
  /** Numbers that could not be read as anything. */
  unread: boolean
  /** One thing in place of another; `replaced`: make it 8. */
  corrected: boolean
  replaced: boolean
}

/** R216. What the speaker wants. */
export function wishOf(pieces: Piece[], lexicon: Lexicon, besides: Besides): Wish {
  const weights = new Map<Intent | Topic, number>()
  for (let at = 0; at < pieces.length; at++) {
    const cue = phraseAt(lexicon.intents, pieces, at)
    if (!cue) continue
    const { intent, weight } = cue.value
    weights.set(intent, (weights.get(intent) ?? 0) + weight + (cue.words.length - 1) / 4)
    at += cue.words.length - 1
  }
  const has = (one: Intent | Topic): number => weights.get(one) ?? 0
  const [best = 'other'] = order.filter((one) => has(one) > 0).toSorted((a, b) => has(b) - has(a))
  if (best === 'confirm' || best === 'deny' || best === 'book' || best === 'other') return plainWish(has, besides)
  const confidence = Math.min(0.97, 0.6 + has(best) / 14)
  // I have a table at 7, can we make it 8; we can't make it at 7, can we do 8.
  const moved = (best === 'find' && besides.corrected) || (best === 'cancel' && besides.replaced)
  if (moved) return { intent: 'change', topic: null, confidence: 0.75 }
  return isTopic(best) ? { intent: 'info', topic: best, confidence } : { intent: best, topic: null, confidence }
}

const wish = (intent: Intent, confidence: number): Wish => ({ intent, topic: null, confidence })

function plainWish(has: (one: Intent | Topic) => number, { slots, names, unread, corrected }: Besides): Wish {
  const denied = has('deny') > 0
  const agreed = has('confirm') > 0
  if (slots && (corrected || denied)) return wish('change', corrected ? 0.8 : 0.7)
  if (names && denied) return wish('change', 0.6)
  if (has('book') > 0) return denied && !slots ? wish('deny', 0.6) : wish('book', denied ? 0.6 : 0.9)
  if (slots || (names && agreed)) return wish('book', 0.65)
  if (denied) return wish('deny', agreed ? 0.7 : 0.9)
  // Only a yes and nothing besides is one to act on.
  return agreed && !unread ? wish('confirm', 0.9) : wish('other', 0.5)
}
