import { figuresOf, type Figures } from './figures.ts'

/** One call and what came of it, in a word. */
export type Caller = () => Promise<string>

/** Every caller calls again as soon as it has its answer, until the time is over; then the last answers are waited for. */
export function closedLoop(callers: Caller[], seconds: number): Promise<Figures> {
  const until = performance.now() + seconds * 1000
  return loop(callers, (now) => now < until)
}

/** So many calls in all. */
export function oneAfterAnother(callers: Caller[], calls: number): Promise<Figures> {
  let left = calls
  return loop(callers, () => left-- > 0)
}

async function loop(callers: Caller[], goesOn: (now: number) => boolean): Promise<Figures> {
  const times: number[] = []
  const outcomes = new Map<string, number>()
  const began = performance.now()
  await Promise.all(
    callers.map(async (call) => {
      for (let at = performance.now(); goesOn(at);) {
        const outcome = await call()
        const now = performance.now()
        times.push(now - at)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        at = now
      }
    }),
  )
  return figuresOf(times, (performance.now() - began) / 1000, outcomes)
}
