import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

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

const from = (text: string): string[] => text.split(' ').flatMap((name) => ['--scenario', name])

describe('the race proof', () => {
  test('holds with nothing planted', async () => {
    const { code, said } = await prove()
    expect(said).toContain('Everything holds')
    expect(code).toBe(0)
  })

  // By design: the day lock is the mechanism, and the constraint the proof that it works.
  test('holds without the exclusion constraint, by the day lock alone', async () => {
    const { code, said } = await prove('--plant', 'no-constraint', '--rounds', '2', ...from('same-slot staggered'))
    expect(said).toContain('Everything holds')
    expect(code).toBe(0)
  })

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
    const { code, said } = await prove('--seed', '7', '--plant', bug, '--rounds', String(rounds), ...from(where))
    expect(said).toMatch(shows)
    expect(code).toBe(1)
  })
})
