/** What a stretch of load came to; times in milliseconds. */
export type Figures = {
  count: number
  /** Answers a second. */
  rate: number
  p50: number
  p99: number
  /** How often each outcome came. */
  outcomes: Record<string, number>
}

export function figuresOf(times: number[], seconds: number, outcomes: Map<string, number>): Figures {
  const sorted = Float64Array.from(times).toSorted()
  return {
    count: times.length,
    rate: times.length / seconds,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    outcomes: Object.fromEntries(outcomes),
  }
}

export function median(values: number[]): number {
  return quantile(Float64Array.from(values).toSorted(), 0.5)
}

/** Of values in ascending order; NaN where there are none. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Figure by figure the median of several stretches; what was counted, in sum. */
export function medianOf(stretches: Figures[]): Figures {
  const outcomes: Record<string, number> = {}
  for (const [name, count] of stretches.flatMap((one) => Object.entries(one.outcomes))) {
    outcomes[name] = (outcomes[name] ?? 0) + count
  }
  return {
    count: stretches.reduce((sum, one) => sum + one.count, 0),
    rate: median(stretches.map((one) => one.rate)),
    p50: median(stretches.map((one) => one.p50)),
    p99: median(stretches.map((one) => one.p99)),
    outcomes,
  }
}

export function shareOf(figures: Figures, outcome: string): number {
  return (figures.outcomes[outcome] ?? 0) / figures.count
}

/** Which of two figures of one round is how much of the other; the median over the rounds. */
export function ratioOf(ours: Figures[], yardstick: Figures[], figure: 'rate' | 'p50' | 'p99' = 'rate'): number {
  return median(ours.map((one, round) => one[figure] / (yardstick[round]?.[figure] ?? Number.NaN)))
}

/**
 * Measures several things in turns, every other round in reverse, so that whatever else the machine does meets all of
 * them alike; a short first round, which warms caches and compilers, is thrown away. What is `warmed` then is done once.
 */
export async function inTurns<Name extends string>(
  rounds: number,
  things: Record<Name, (round: number) => Promise<Figures>>,
  warmed: () => Promise<void> = async () => {},
): Promise<Record<Name, Figures[]>> {
  const names = Object.keys(things).filter((name): name is Name => name in things)
  const measured = new Map<Name, Figures[]>(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 ? names.toReversed() : names) {
      const figures = await things[name](round)
      if (round > 0) measured.get(name)?.push(figures)
    }
    if (round === 0) await warmed()
  }
  return recordOf(measured)
}

/** Every name of the record was put into the map, which is why the record is whole. */
function recordOf<Name extends string, T>(map: Map<Name, T>): Record<Name, T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(map) as Record<Name, T>
}
