import { randomUUID } from 'node:crypto'
import { nextCron } from './cron.ts'
import { Refusal, type Headers } from './message.ts'

export type Schedule = {
  id: string
  cron: string
  destination: string
  headers: Headers
  body: Buffer
  created_at: number
  last_at: number | null
  next_at: number
  paused: boolean
}

export class Schedules {
  readonly #all = new Map<string, Schedule>()

  /** Makes a schedule or, under an id that exists, replaces it. */
  put(destination: string, headers: Headers, body: Buffer, now: number): Schedule {
    const cron = headers['upstash-cron']
    if (!cron) throw new Refusal('upstash-cron header is missing')
    const id = headers['upstash-schedule-id'] ?? `scd_${randomUUID().replaceAll('-', '')}`
    const created_at = this.#all.get(id)?.created_at ?? now
    const next_at = next(cron, now)
    const schedule = { id, cron, destination, headers, body, created_at, last_at: null, next_at, paused: false }
    this.#all.set(id, schedule)
    return schedule
  }

  get(id: string): Schedule | undefined {
    return this.#all.get(id)
  }

  all(): Schedule[] {
    return [...this.#all.values()]
  }

  remove(id: string): boolean {
    return this.#all.delete(id)
  }

  /** The schedule that comes first among those that run. */
  next(): Schedule | undefined {
    const running = this.all().filter(({ paused }) => !paused)
    return running.toSorted((a, b) => a.next_at - b.next_at)[0]
  }

  pause(schedule: Schedule): void {
    schedule.paused = true
  }

  /** Runs on from now: what came due during the pause is not made up for. */
  resume(schedule: Schedule, now: number): void {
    schedule.paused = false
    schedule.next_at = next(schedule.cron, now)
  }

  /** Notes that a schedule has run; one that slept through several turns runs once. */
  ran(schedule: Schedule, now: number): void {
    schedule.last_at = now
    schedule.next_at = next(schedule.cron, now)
  }

  clear(): void {
    this.#all.clear()
  }
}

function next(cron: string, after: number): number {
  try {
    return nextCron(cron, after)
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error))
  }
}
