import type { Kind } from './kinds-rules.ts'

export type Topic = 'hours' | 'menu' | 'location' | 'allergens' | 'policy' | 'contact'
export type Intent =
  | 'book'
  | 'change'
  | 'cancel'
  | 'find'
  | 'late'
  | 'waitlist'
  | 'info'
  | 'human'
  | 'confirm'
  | 'deny'
  | 'other'

/** The words of one language, lower case and without accents; phrases are parted by `|`. */
export type Words = {
  language: string
  /** How 0 to 99 are said; several ways are parted by `|`. */
  numbers: string[]
  /** How 1st to 31st are said, where the language has words for them; else only the first. */
  ordinals: string[]
  /** What makes digits an ordinal when it follows without a space. */
  suffixes: string
  entries: [Kind, number, string][]
  /** Further words by which the language is known; they are never names. */
  common: string
  intents: [Intent | Topic, number, string][]
  /** What comes before a name; the sure ones need no capital letter. `after`: what comes behind it. */
  names: { sure: string; likely: string; particles: string; stops: string; after?: string }
}

export type Lexicon = {
  language: string
  phrases: Phrases<{ kind: Kind; value: number }>
  intents: Phrases<{ intent: Intent | Topic; weight: number }>
  sure: Phrases<true>
  likely: Phrases<true>
  after: Phrases<true>
  suffixes: Set<string>
  particles: Set<string>
  stops: Set<string>
  vocabulary: Set<string>
  common: Set<string>
}

export type Phrases<V> = Map<string, { words: string[]; value: V }[]>

const cjk = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]/u
/** As the tokenizer parts them: words at spaces, Chinese and Japanese at every character. */
const split = (phrase: string): string[] =>
  phrase.split(' ').flatMap((word) => (cjk.test(word) ? Array.from(word) : word === '' ? [] : [word]))

function phrasesOf<V>(rows: [V, string][]): Phrases<V> {
  const phrases: Phrases<V> = new Map()
  for (const [value, list] of rows) {
    for (const phrase of list.split('|')) {
      const words = split(phrase)
      const [head] = words
      if (head === undefined) continue
      const of = phrases.get(head) ?? []
      of.push({ words, value })
      phrases.set(head, of)
    }
  }
  for (const of of phrases.values()) of.sort((a, b) => b.words.length - a.words.length)
  return phrases
}

/** The longest phrase that begins at a token. */
export function phraseAt<V>(
  phrases: Phrases<V>,
  texts: { text: string }[],
  at: number,
): { words: string[]; value: V } | null {
  const head = texts[at]?.text
  if (head === undefined) return null
  return phrases.get(head)?.find(({ words }) => words.every((word, i) => texts[at + i]?.text === word)) ?? null
}

/** A language's words, ready to be looked up. */
export function lexiconOf(words: Words): Lexicon {
  const entries: [{ kind: Kind; value: number }, string][] = [
    ...words.numbers.map((said, value): [{ kind: Kind; value: number }, string] => [{ kind: 'num', value }, said]),
    ...words.ordinals.map((said, i): [{ kind: Kind; value: number }, string] => [{ kind: 'ord', value: i + 1 }, said]),
    ...words.entries.map(([kind, value, said]): [{ kind: Kind; value: number }, string] => [{ kind, value }, said]),
  ]
  const common = new Set(words.common.split('|').flatMap(split))
  const said = [
    ...entries.map(([, one]) => one),
    ...words.intents.map(([, , one]) => one),
    words.names.sure,
    words.names.likely,
  ]
  return {
    language: words.language,
    phrases: phrasesOf(entries),
    intents: phrasesOf(words.intents.map(([intent, weight, one]) => [{ intent, weight }, one])),
    sure: phrasesOf([[true, words.names.sure]]),
    likely: phrasesOf([[true, words.names.likely]]),
    after: phrasesOf([[true, words.names.after ?? '']]),
    suffixes: new Set(words.suffixes.split('|')),
    particles: new Set(words.names.particles.split('|')),
    stops: new Set(words.names.stops.split('|')),
    vocabulary: new Set([...common, ...said.flatMap((one) => one.split('|').flatMap(split))]),
    common,
  }
}
