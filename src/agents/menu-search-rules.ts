/** A word of a question that says nothing of the dish. */
const empty = new Set(
  'the a an do you have any with what is are in of el la los las de un una hay le les du des'.split(' '),
)

/**
 * The dishes that a question means, the likeliest first: `words` are searchable names of the dish and of its part of
 * the menu. A dish counts where every telling word of the question is in one of them; where none does, where some are.
 */
export function bestDishes<T extends { words: string[] }>(dishes: readonly T[], question: string): T[] {
  const asked = question.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 1 && !empty.has(word))
  if (asked.length === 0) return []
  const scored = dishes.map((dish) => ({ dish, score: scoreOf(dish.words, asked) }))
  const whole = scored.filter((one) => one.score >= asked.length)
  const some = whole.length > 0 ? whole : scored.filter((one) => one.score > 0)
  return some.toSorted((a, b) => b.score - a.score).map((one) => one.dish)
}

/** One for each word that is found, a half more where it is in the dish's own name. */
function scoreOf(words: string[], asked: string[]): number {
  const [own = ''] = words
  return asked.reduce((sum, word) => {
    // Plurals: oysters for oyster.
    const stem = word.length > 3 ? word.replace(/(es|s)$/, '') : word
    if (!words.some((one) => one.includes(stem))) return sum
    return sum + 1 + (own.includes(stem) ? 0.5 : 0)
  }, 0)
}
