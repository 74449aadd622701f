import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import type { Powers } from '../arena.ts'
import type { Random } from '../random.ts'
import type { Scenario, Stage } from '../stage.ts'
import { evening, openHouses } from './evening.ts'

type Fault = Pick<Scenario, 'name' | 'shows' | 'rounds' | 'alarming'> & {
  /** Breaks something, and mends it; returns how many requests to the database it is known to have hit. */
  strike: (powers: Powers, stage: Stage) => Promise<number>
}

const faults: Fault[] = [
  {
    name: 'answers-dropped',
    shows: 'Postgres commits and its answer is lost, four times in ten; retried under the same key',
    rounds: [5, 1],
    strike: (powers, { random }) => failing(powers, random, { mode: 'drop_after_commit', probability: 0.4 }),
  },
  {
    name: 'postgres-killed',
    shows: 'SIGKILL to Postgres under load, and its recovery',
    rounds: [5, 1],
    async strike(powers, { random }) {
      await sleep(random.int(300, 900))
      await powers.control('postgres/kill')
      await sleep(random.int(0, 400))
      await powers.control('postgres/restart')
      await sleep(600)
      return 0
    },
  },
  {
    name: 'worker-killed',
    shows: 'SIGKILL to the Worker under load: it keeps nothing that matters',
    rounds: [8, 2],
    async strike(powers, { random }) {
      await sleep(random.int(200, 700))
      await powers.control('worker/kill')
      await sleep(random.int(0, 200))
      await powers.control('worker/restart')
      await sleep(300)
      return 0
    },
  },
  {
    name: 'backends-killed',
    shows: 'the backends of Postgres that do the work are terminated in the middle of it',
    rounds: [60, 12],
    async strike(_powers, { arena, random }) {
      await sleep(random.int(20, 120))
      // Most looks find nobody at work: a booking takes less than a millisecond.
      for (let look = 0; look < 50; look++) {
        const killed = await arena.sql(`
          select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
             and query like '%as answer%'`)
        if (killed.length > 0) return killed.length
      }
      return 0
    },
  },
  {
    name: 'lock-stalled',
    shows: 'somebody sits on the lock of a day: 503 after a second and a half, and nothing done twice after it',
    rounds: [3, 1],
    async strike(_powers, { arena, random, houses }) {
      // One statement is one transaction: it has the locks until it has slept.
      const locks = `
        select lock_day(r.lock_no, service_day(now(), r.timezone) + days), pg_sleep(0.6)
          from restaurants r, generate_series(1, 4) days where r.id = $1`
      await arena.sql(locks, [random.pick(houses).id])
      return 0
    },
  },
  {
    name: 'codes-injected',
    shows: 'deadlock, serialization, overlap, shutdown and exhaustion, as Postgres would report them',
    rounds: [2, 1],
    alarming: true,
    async strike(powers, { random }) {
      let hit = 0
      for (const code of ['40P01', '40001', '23P01', '57P01', '53300', '55P03'])
        hit += await failing(powers, random, { mode: 'error_code', code, probability: 0.3 }, 350)
      return hit
    },
  },
]

const Stats = z.object({ injected: z.int() })

async function failing(powers: Powers, random: Random, fault: Record<string, unknown>, ms = 1_200): Promise<number> {
  await powers.control('neon/reset')
  await powers.control('neon/fail', { ...fault, seed: random.int(1, 1_000_000) })
  await sleep(ms)
  return Stats.parse(await powers.control('neon/fail', { next: 0 })).injected
}

export const faultScenarios: Scenario[] = faults.map(({ strike, ...fault }) => ({
  ...fault,
  faulty: true,
  needs_powers: true,
  run: (stage) => underFaults(stage, strike),
}))

async function underFaults(stage: Stage, strike: Fault['strike']): Promise<void> {
  const { powers } = stage.arena
  if (!powers) return
  const houses = await openHouses(stage, 3)
  let striking = true
  let hit = 0
  const strikes = async (): Promise<void> => {
    try {
      for (let n = 0; n < stage.rounds; n++) hit += await strike(powers, stage)
    } finally {
      striking = false
    }
  }
  await Promise.all([strikes(), evening(stage, houses, stage.clients, () => striking)])
  hit += stage.deeds.filter((deed) => deed.attempts > 1).length
  if (hit === 0) stage.violate('fault', 'the fault was not met by anyone: nothing was proved')
}
