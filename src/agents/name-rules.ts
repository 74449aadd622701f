import { searchable } from '../platform/text.ts'

/** Said before a name, or within one: no part of who somebody is. */
const silent = new Set(
  'mr mrs ms miss mx dr prof sir madam mme mlle m sr sra srta herr frau sig signor signora de da di do du des del della den der dos la le el al van von bin binti ibn the and'.split(
    ' ',
  ),
)

const words = (name: string): string[] =>
  searchable(name)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

const telling = (name: string): string[] => {
  const all = words(name)
  const kept = all.filter((word) => !silent.has(word))
  return kept.length > 0 ? kept : all
}

/**
 * Whether a name that was spoken answers to the one it is booked under: every word of the one is a word of the other,
 * give or take a letter as one hears it. Stricter than the search for guests, where a letter may stand for many: here
 * each try must be a name.
 */
export function answersTo(booked: string | null, said: string): boolean {
  if (booked === null) return false
  const [mine, theirs] = [telling(booked), telling(said)]
  if (mine.length === 0 || theirs.length === 0) return false
  // Le Goff and Legoff: where a name is parted is not heard.
  if (words(booked).join('') === words(said).join('')) return true
  return isWord(theirs) && (within(theirs, mine) || within(mine, theirs))
}

const within = (few: string[], many: string[]): boolean =>
  few.every((word) => many.some((other) => soundsLike(word, other)))

/** One Latin letter is an initial, and no name. */
const isWord = (list: string[]): boolean => list.some((word) => word.length >= 2 || !/^[a-z0-9]$/.test(word))

/** The same word, or one letter away in a word of four, two in one of eight. */
function soundsLike(a: string, b: string): boolean {
  const allowed = Math.min(a.length, b.length) >= 8 ? 2 : Math.min(a.length, b.length) >= 4 ? 1 : 0
  // Anna and Ana: a doubled letter is not heard.
  if (undoubled(a) === undoubled(b) && Math.min(a.length, b.length) >= 3) return true
  return allowed > 0 ? distance(a, b) <= allowed : a === b
}

const undoubled = (word: string): string => word.replace(/(.)\1+/gu, '$1')

/** Letters to add, drop or change: Levenshtein's, over words and no more. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_one, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
