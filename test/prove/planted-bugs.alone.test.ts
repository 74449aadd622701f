import { spawn } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { arenaOn, startRaceStack } from '../../bench/prove/arena.ts'
import { plantBug } from '../../bench/prove/plants.ts'
import { play } from '../../bench/prove/run.ts'
import { scenarios } from '../../bench/prove/scenarios.ts'
import { violationLines } from '../../bench/prove/table.ts'
import type { Stack } from '../../local/stack.ts'

const program = join(import.meta.dirname, '..', '..', 'bench', 'prove.ts')

function prove(...args: string[]): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, '--quick', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()))
    child.once('error', reject)
    child.once('exit', (code) => resolve({ code, said }))
  })
}

describe('the race proof, as it is called', () => {
  test('holds with nothing planted', async () => {
    const { code, said } = await prove()
    expect(said).toContain('Everything holds')
    expect(code).toBe(0)
  })

  test('turns red with a bug planted', async () => {
    const { code, said } = await prove('--plant', 'no-events', '--rounds', '1', '--scenario', 'moves')
    expect(said).toMatch(/moves: O4 events/)
    expect(said).toContain('BROKEN: moves')
    expect(code).toBe(1)
  })
})

describe('the race proof, each time in a database as if nothing had happened', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startRaceStack()
    await asSuperuser('create database pristine template tableside')
  })
  afterAll(() => stack.stop())

  async function asSuperuser(...statements: string[]): Promise<void> {
    const client = new pg.Client({ connectionString: stack.postgres.superuser_url })
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }

  /** What `npm run prove -- --plant BUG --scenario NAME` would print of it. */
  async function playWith(bug: string, name: string, rounds: number, more: { seed: number; patience_ms: number }) {
    await asSuperuser(
      'drop database tableside with (force)',
      'create database tableside template pristine owner tableside',
    )
    await plantBug(stack.database_url, bug)
    const arena = arenaOn({ ...stack, stop: async () => {} }, 64)
    try {
      const scenario = scenarios.find((one) => one.name === name)
      if (!scenario) throw new Error(`there is no scenario ${name}`)
      const outcome = await play(arena, scenario, { rounds, clients: 64, quick: true, ...more })
      return violationLines(outcome).join('\n')
    } finally {
      await arena.close()
    }
  }

  // By design: the day lock is the mechanism, and the constraint the proof that it works.
  test.for(['same-slot', 'staggered'])(
    'holds without the exclusion constraint, by the day lock alone: %s',
    async (where) => {
      const seed = Math.floor(Math.random() * 1_000_000_000)
      expect(await playWith('no-constraint', where, 2, { seed, patience_ms: 45_000 }), `seed ${seed}`).toBe('')
    },
  )

  test.for([
    ['no-lock', 'same-slot', 5, /same-slot: alarm/],
    ['no-lock-no-constraint', 'same-slot', 2, /same-slot: O1 overlap/],
    ['unique-start', 'staggered', 2, /staggered: O1 overlap/],
    ['keys-ignored', 'keys', 1, /keys: O3 effects/],
    ['skip-locked', 'busy-week', 4, /busy-week: false refusal/],
    ['holds-forever', 'holds', 6, /holds: false refusal/],
    ['hang-up-keeps', 'doors', 2, /doors: false refusal/],
    ['no-events', 'moves', 1, /moves: O4 events/],
    ['any-tenant', 'tenants', 1, /tenants: O7 tenant/],
  ] as const)('turns red with %s planted', async ([bug, where, rounds, shows]) => {
    // Some bugs answer "busy" for ever: nobody waits for the end of that.
    expect(await playWith(bug, where, rounds, { seed: 7, patience_ms: 2_000 })).toMatch(shows)
  })
})
