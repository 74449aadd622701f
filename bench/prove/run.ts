import type { Arena } from './arena.ts'
import { checkPacing, checkRefusals, checkTyped } from './check-answers.ts'
import { checkAcknowledged, checkClaims, checkDays, checkEvents, checkKeys, checkOverlaps } from './check-records.ts'
import { readFacts } from './facts.ts'
import type { Options } from './options.ts'
import { randomFrom } from './random.ts'
import { stageOf, type Scenario, type Stage, type Violation } from './stage.ts'

export type Outcome = {
  scenario: Scenario
  rounds: number
  requests: number
  booked: number
  refused: number
  moved: number
  ended: number
  /** Attempts after the first. */
  retried: number
  overlaps: number
  false_refusals: number
  server_errors: number
  deadlocks: number
  alarms: number
  p50_ms: number
  p99_ms: number
  seconds: number
  violations: Violation[]
}

type Playing = Pick<Options, 'seed' | 'rounds' | 'clients' | 'patience_ms' | 'quick'>

/** Plays one scenario and judges what came of it. */
export async function play(arena: Arena, scenario: Scenario, options: Playing): Promise<Outcome> {
  const [full, few] = scenario.rounds
  const rounds = options.rounds ?? (options.quick ? few : full)
  const random = randomFrom(options.seed).fork(scenario.name)
  const { clients, patience_ms, quick } = options
  const stage = stageOf({ arena, random, rounds, clients, patience_ms, quick }, scenario)
  await arena.troubles()
  const began = performance.now()
  try {
    await scenario.run(stage)
  } catch (error) {
    stage.violate('broken off', error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const seconds = (performance.now() - began) / 1000
  return { scenario, rounds, seconds, ...(await judge(stage, scenario)) }
}

async function judge(stage: Stage, scenario: Scenario): Promise<Omit<Outcome, 'scenario' | 'rounds' | 'seconds'>> {
  const { arena, deeds, violate } = stage
  const facts = await readFacts(
    arena,
    stage.houses.map((house) => house.id),
  )
  const overlaps = checkOverlaps(stage, facts)
  checkAcknowledged(stage, facts, deeds)
  checkClaims(stage, facts)
  checkDays(stage, facts)
  checkKeys(stage, facts, deeds)
  checkEvents(stage, facts)
  const server_errors = checkTyped(stage, scenario, deeds)
  const false_refusals = checkRefusals(stage, deeds)
  checkPacing(stage, deeds)

  const { deadlocks, alarms, unexpected } = await arena.troubles()
  if (deadlocks > 0) violate('deadlock', `${deadlocks} deadlocks`)
  if (alarms.length > 0 && !scenario.alarming) violate('alarm', `${alarms.length} alarms in the Worker's log`, alarms)
  if (unexpected.length > 0) violate('O8 unexpected', `${unexpected.length} errors nobody expected`, unexpected)

  const well = deeds.filter((deed) => deed.status > 0 && deed.status < 300)
  const count = (...verbs: string[]): number => well.filter((deed) => verbs.includes(deed.verb)).length
  const times = deeds.map((deed) => deed.answered_at - deed.sent_at).toSorted((a, b) => a - b)
  const percentile = (part: number): number => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
  return {
    requests: deeds.length,
    booked: count('book', 'hold'),
    refused: deeds.filter((deed) => deed.status >= 400 && deed.status < 500).length,
    moved: count('move', 'confirm', 'extend'),
    ended: count('cancel', 'release'),
    retried: deeds.reduce((sum, deed) => sum + deed.attempts - 1, 0),
    overlaps,
    false_refusals,
    server_errors,
    deadlocks,
    alarms: alarms.length,
    p50_ms: percentile(0.5),
    p99_ms: percentile(0.99),
    violations: stage.violations,
  }
}
