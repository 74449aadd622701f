import type { Worker } from './worker.ts'

/** Fires the Worker's cron triggers as their minutes come, as Cloudflare does; returns what stops it. */
export function startCron(worker: Worker, say: (line: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined

  function waitForMinute(): void {
    timer = setTimeout(tick, 60_000 - (Date.now() % 60_000))
  }

  function tick(): void {
    // A timer may come a moment early.
    const minute = new Date(Math.round(Date.now() / 60_000) * 60_000)
    for (const cron of worker.crons.filter((one) => cronMatches(one, minute))) {
      worker.scheduled({ cron, time: minute }).catch((error: unknown) => say(String(error)))
    }
    waitForMinute()
  }

  waitForMinute()
  return () => clearTimeout(timer)
}

const fields: [name: string, of: (time: Date) => number][] = [
  ['minute', (time) => time.getUTCMinutes()],
  ['hour', (time) => time.getUTCHours()],
  ['day', (time) => time.getUTCDate()],
  ['month', (time) => time.getUTCMonth() + 1],
  ['weekday', (time) => time.getUTCDay() + 1],
]

/** Cloudflare's five fields, in UTC, with weekdays 1 (Sunday) to 7; knows `*`, numbers, lists, ranges and steps. */
export function cronMatches(pattern: string, time: Date): boolean {
  const parts = pattern.trim().split(/\s+/)
  if (parts.length !== fields.length) throw new Error(`"${pattern}" is no cron pattern of five fields`)
  return fields.every(([name, of], index) => {
    return (parts[index] ?? '').split(',').some((part) => partMatches(part, of(time), `${name} of "${pattern}"`))
  })
}

function partMatches(part: string, value: number, where: string): boolean {
  const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part)
  if (!match) throw new Error(`The ${where} is beyond the local cron: ${part}`)
  const [, first, last, step] = match
  const from = first === undefined ? 0 : Number(first)
  const to = last !== undefined ? Number(last) : first === undefined || step !== undefined ? Infinity : from
  return value >= from && value <= to && (value - from) % Number(step ?? 1) === 0
}
