const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'.split('')
const lettersAndDigits = [...letters, ...'23456789'.split('')]

function at<T>(from: readonly T[], index: number): T {
  const found = from[Math.min(from.length - 1, index)]
  if (found === undefined) throw new Error('nothing to choose from')
  return found
}

/** Chance that falls the same way for the same seed. */
export type Dice = ReturnType<typeof dice>

export function dice(seed: number): {
  next: () => number
  pick: <T>(from: readonly T[]) => T
  weighted: <T>(from: readonly (readonly [T, number])[]) => T
  regular: <T>(from: readonly T[]) => T
  code: () => string
} {
  let state = seed >>> 0
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const pick = <T>(from: readonly T[]): T => at(from, Math.floor(next() * from.length))
  return {
    next,
    pick,
    weighted(from) {
      let left = next() * from.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [value, weight] of from) {
        left -= weight
        if (left < 0) return value
      }
      return at(from, from.length - 1)[0]
    },
    /** Few come often, many once. */
    regular: (from) => at(from, Math.floor(next() ** 2.2 * from.length)),
    code() {
      return pick(letters) + Array.from({ length: 5 }, () => pick(lettersAndDigits)).join('')
    },
  }
}
