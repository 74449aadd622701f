import { afterEach, describe, expect, inject, test } from 'vitest'
import { caller, type Call, openHouse, withDatabase } from '../factories.ts'

const where = inject('stack')

async function redisFails(on: boolean): Promise<void> {
  const answer = await fetch(`${where.control_origin}/redis/fail`, { method: 'POST', body: JSON.stringify({ on }) })
  if (!answer.ok) throw new Error(await answer.text())
}

async function slowKey(rate_per_minute: number): Promise<Call> {
  const house = await openHouse(where)
  const issued = await house.call('POST', '/keys', { name: 'Slow', scopes: ['floor:read'], rate_per_minute })
  return caller(where.origin, issued.data.api_key)
}

/** A window is a minute of the clock: what counts requests must not begin in the last seconds of one. */
async function earlyInTheMinute(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000)
  if (left < 4_000) await new Promise((resolve) => setTimeout(resolve, left + 50))
}

afterEach(() => redisFails(false))

describe('a key with three requests a minute', () => {
  test('has three, then waits as long as it is told', async () => {
    await earlyInTheMinute()
    const call = await slowKey(3)
    let reset = 60
    for (const remaining of ['2', '1', '0']) {
      const answer = await call('GET', '/tables')
      expect(answer.status).toBe(200)
      expect(answer.headers.get('ratelimit-limit')).toBe('3')
      expect(answer.headers.get('ratelimit-remaining')).toBe(remaining)
      expect(answer.headers.get('retry-after')).toBeNull()
      reset = Number(answer.headers.get('ratelimit-reset'))
      expect(reset).toBeGreaterThan(0)
      expect(reset).toBeLessThanOrEqual(60)
    }
    const refused = await call('GET', '/tables')
    expect([refused.status, refused.code]).toEqual([429, 'rate_limited'])
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(reset)
  })

  test('has three of twenty at once', async () => {
    await earlyInTheMinute()
    const call = await slowKey(3)
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('GET', '/tables')))
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(3)
    expect(answers.filter((answer) => answer.code === 'rate_limited')).toHaveLength(17)
  })

  test('goes on without Redis: a limit is no reason to be down', async () => {
    await earlyInTheMinute()
    const call = await slowKey(3)
    await redisFails(true)
    for (let n = 0; n < 5; n++) expect((await call('GET', '/tables')).status).toBe(200)
  })
})

test('a crowd at a cold isolate may spend all its minute allows, and no more', async () => {
  const house = await openHouse(where)
  await withDatabase(where, (client) =>
    client.query('update api_keys set rate_per_minute = 60 where restaurant_id = $1', [house.id]),
  )
  const crowd = Array.from({ length: 80 })
  // Connections that are open already, so that the crowd arrives at once; and all of it within one minute.
  await Promise.all(crowd.map(() => caller(where.origin, null)('GET', '/reservations')))
  const left_ms = 60_000 - (Date.now() % 60_000)
  if (left_ms < 5_000) await new Promise((resolve) => setTimeout(resolve, left_ms))
  const answers = await Promise.all(crowd.map(() => house.call('GET', '/reservations')))
  const allowed = answers.filter((answer) => answer.status === 200).length
  const refused = answers.filter((answer) => answer.code === 'rate_limited').length
  // A lease of three may still be on its way when the last are refused.
  expect(allowed).toBeGreaterThanOrEqual(57)
  expect(allowed).toBeLessThanOrEqual(60)
  expect(allowed + refused).toBe(80)
})
