import type { Arena } from './arena.ts'
import type { Deed } from './deed.ts'
import { guestOf, type Guest } from './guest.ts'
import { openHouse, type House, type HousePlan } from './house.ts'
import type { Random } from './random.ts'

/** What was promised and not kept, with the rows that show it. */
export type Violation = { oracle: string; message: string; rows: unknown[] }

/** Where one scenario is played: whatever is asked and answered on it is written down. */
export type Stage = Setting & {
  guest: Guest
  deeds: Deed[]
  houses: House[]
  open: (plan: HousePlan) => Promise<House>
  /** Does all tasks, as many at once as there are clients. */
  crowd: <Thing>(tasks: (() => Promise<Thing>)[]) => Promise<Thing[]>
  violate: (oracle: string, message: string, rows?: unknown[]) => void
  violations: Violation[]
}

export type Scenario = {
  name: string
  /** What it shows, in a line. */
  shows: string
  /** Rounds of a full run and of a quick one. */
  rounds: [full: number, quick: number]
  /** Something is broken on purpose meanwhile: 503 may be answered, 500 never. */
  faulty?: boolean
  /** It breaks what only a stack of one's own lets us break. */
  needs_powers?: boolean
  /** After how many milliseconds clients hang up; null: they wait. */
  impatience?: (random: Random) => number | null
  /** Alarms are expected, since the codes that raise them are injected. */
  alarming?: boolean
  run: (stage: Stage) => Promise<void>
}

export type Setting = {
  arena: Arena
  random: Random
  rounds: number
  clients: number
  patience_ms: number
  quick: boolean
}

export function stageOf(setting: Setting, scenario: Scenario): Stage {
  const { arena, random, clients, patience_ms } = setting
  const moods = random.fork('moods')
  const deeds: Deed[] = []
  const houses: House[] = []
  const violations: Violation[] = []
  return {
    ...setting,
    deeds,
    houses,
    violations,
    guest: guestOf(
      arena,
      patience_ms,
      (deed) => deeds.push(deed),
      () => scenario.impatience?.(moods) ?? null,
    ),
    async open(plan) {
      const house = await openHouse(arena, plan)
      houses.push(house)
      return house
    },
    async crowd<Thing>(tasks: (() => Promise<Thing>)[]): Promise<Thing[]> {
      const results: Thing[] = []
      const waiting = tasks.values()
      await Promise.all(
        Array.from({ length: Math.min(clients, tasks.length) }, async () => {
          for (const task of waiting) results.push(await task())
        }),
      )
      return results
    },
    violate: (oracle, message, rows = []) => violations.push({ oracle, message, rows }),
  }
}

/** A local date some days from now, within every horizon. */
export function dayAhead(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}

/** 17:00 and 75 minutes later → "18:15". */
export function later(time: string, minutes: number): string {
  const minute = Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)) + minutes
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

export function seatsOf(deeds: Deed[]): NonNullable<Deed['seat']>[] {
  return deeds.flatMap((deed) => (deed.seat && deed.status < 300 ? [deed.seat] : []))
}
