export type Random = {
  /** In [0, 1). */
  next: () => number
  /** A whole number from least to most, both included. */
  int: (least: number, most: number) => number
  pick: <Thing>(things: readonly Thing[]) => Thing
  /** A generator of its own, so that what one part draws does not move the others. */
  fork: (name: string) => Random
}

/** Numbers that depend on the seed alone (mulberry32): a seed asks the same questions again. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    next,
    int: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick(things) {
      const [one] = things.slice(Math.floor(next() * things.length))
      if (one === undefined) throw new Error('nothing to pick from')
      return one
    },
    fork(name) {
      let hash = seed ^ 0x811c9dc5
      for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
      return randomFrom(hash)
    },
  }
}

export function times<Thing>(count: number, make: (index: number) => Thing): Thing[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
