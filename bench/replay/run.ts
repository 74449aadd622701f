import { setTimeout as pause } from 'node:timers/promises'
import * as z from 'zod'
import { askOnce, type Outcome } from './ask.ts'
import type { ReplayHouse } from './houses.ts'
import { emptyTally, type Tally } from './tally.ts'

/** Of each restaurant's requests, the last twentieth is made one by one, at most so many. */
const mostAlone = 25
const Stats = z.object({ round_trips: z.int(), failures: z.int() })
type Stats = z.infer<typeof Stats>

export type Run = {
  tallies: Tally[]
  /** Of the part that ran side by side, in milliseconds. */
  latencies: number[]
  seconds: number
  together: { requests: number; round_trips: number }
  /** Round trips of each request that was made alone, by "booked" or the code of its refusal. */
  alone: Map<string, number[]>
  database_errors: number
}
type Queue = { house: ReplayHouse; tally: Tally; next: number; until: number; busy: boolean }

/**
 * Every request of every house. Several clients at once, each taking whichever request was made earliest of the houses
 * that await no answer: so the houses run side by side, and each has its requests in their order.
 */
export async function runReplay(control_origin: string, houses: ReplayHouse[], clients: number): Promise<Run> {
  const queues = houses.map((house): Queue => {
    const alone = Math.min(mostAlone, Math.ceil(house.asks.length / 20))
    const tally = emptyTally({ restaurant: house.name, ...house })
    return { house, tally, next: 0, until: house.asks.length - alone, busy: false }
  })
  const latencies: number[] = []
  const first = await settledStats(control_origin)
  const began = performance.now()
  async function client(): Promise<void> {
    // Where the rest is all in other clients' hands, they finish it.
    for (let queue = earliest(queues); queue; queue = earliest(queues)) {
      queue.busy = true
      latencies.push((await askNext(queue)).ms)
      queue.busy = false
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - began) / 1000
  const between = await settledStats(control_origin)

  const alone = new Map<string, number[]>()
  for (const queue of queues) await askAlone(control_origin, queue, alone)
  const last = await settledStats(control_origin)
  return {
    tallies: queues.map((queue) => queue.tally),
    latencies,
    seconds,
    together: { requests: latencies.length, round_trips: between.round_trips - first.round_trips },
    alone,
    database_errors: last.failures - first.failures,
  }
}

function earliest(queues: Queue[]): Queue | undefined {
  let found: Queue | undefined
  for (const queue of queues) {
    if (!queue.busy && queue.next < queue.until && momentOf(queue) < (found ? momentOf(found) : Infinity)) found = queue
  }
  return found
}

function momentOf(queue: Queue): number {
  return queue.house.asks[queue.next]?.now ?? Infinity
}

async function askNext(queue: Queue): Promise<{ outcome: Outcome; ms: number }> {
  const ask = queue.house.asks[queue.next]
  if (!ask) throw new Error('there is no next request')
  queue.next += 1
  return askOnce(queue.house, ask, queue.tally)
}

/** One by one, with the count read around each, so that every round trip has its request. */
async function askAlone(control_origin: string, queue: Queue, alone: Map<string, number[]>): Promise<void> {
  // The Worker looks the key up every few seconds: let that be before.
  await queue.house.call('GET', '/reservations?limit=1')
  let before = await settledStats(control_origin)
  while (queue.next < queue.house.asks.length) {
    const { outcome } = await askNext(queue)
    const after = await settledStats(control_origin)
    const name = outcome.booked ? 'booked' : outcome.code
    alone.set(name, [...(alone.get(name) ?? []), after.round_trips - before.round_trips])
    before = after
  }
}

/** Some work is done after the answer: the count is read until it stands still. */
async function settledStats(control_origin: string): Promise<Stats> {
  for (let last: Stats | null = null; ;) {
    const response = await fetch(`${control_origin}/neon/stats`)
    const stats = Stats.parse(await response.json())
    if (last?.round_trips === stats.round_trips) return stats
    last = stats
    await pause(8)
  }
}
