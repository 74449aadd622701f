import { closedLoop, oneAfterAnother, type Caller } from './loop.ts'
import type { Figures } from './figures.ts'
import { bind, openWire, Refusal, type Wire } from './wire.ts'

/** Calls of one statement by several connections, each bound before the clock runs. */
export type Attempts = {
  /** The figures of so many seconds; `outcome` names what an answer says. */
  run(seconds: number): Promise<Figures>
  /** Of so many calls, however long they take. */
  times(calls: number): Promise<Figures>
  end(): Promise<void>
}

/**
 * `nextParams` gives the parameters of the next call: as many are made beforehand as a stretch may need. `first_guess`
 * is how many a second that is, until it is known.
 */
export async function openAttempts(
  database_url: string,
  connections: number,
  statement: string,
  nextParams: () => Promise<unknown[]>,
  first_guess = 6_000,
): Promise<Attempts> {
  const wires = await Promise.all(Array.from({ length: connections }, () => openWire(database_url, statement)))
  let most_a_second = first_guess
  let stock: Buffer[] = []
  let warm = false

  return {
    async run(seconds) {
      const wanted = Math.ceil(most_a_second * seconds) + (warm ? 0 : calls_to_warm * connections)
      while (stock.length < wanted) stock.push(bind(await nextParams()))
      let next = 0
      const callers = wires.map((wire) => callerOf(wire, () => stock[next++]))
      if (!warm) await Promise.all(callers.map((call) => repeat(call, calls_to_warm)))
      warm = true
      const figures = await closedLoop(callers, seconds)
      if (next > stock.length) throw new Error(`${stock.length} calls were too few for ${seconds} seconds`)
      stock = stock.slice(next)
      most_a_second = figures.rate * 2
      return figures
    },
    async times(calls) {
      const bound: Buffer[] = []
      while (bound.length < calls) bound.push(bind(await nextParams()))
      return oneAfterAnother(
        wires.map((wire) => callerOf(wire, () => bound.pop())),
        calls,
      )
    },
    async end() {
      await Promise.all(wires.map((wire) => wire.end()))
    },
  }
}

/** A backend compiles the functions at its first call and settles on its plans at the sixth. */
const calls_to_warm = 12

async function repeat(call: Caller, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await call()
}

function callerOf(wire: Wire, next: () => Buffer | undefined): Caller {
  return async () => {
    const bound = next()
    if (!bound) return 'none left'
    try {
      return outcomeIn(await wire.call(bound))
    } catch (error) {
      // The lock was not had in time: the Worker would answer 503.
      if (error instanceof Refusal && error.code === '55P03') return 'busy'
      throw error
    }
  }
}

/** "booked", "refused", …; "done" for what answers no JSON. */
function outcomeIn(answer: Buffer): string {
  const marker = '"outcome": "'
  const at = answer.indexOf(marker)
  if (at < 0) return 'done'
  const start = at + marker.length
  return answer.toString('latin1', start, answer.indexOf('"', start))
}
