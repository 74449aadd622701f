import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { seedDemo } from '../../local/demo.ts'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { demoPassword } from '../../src/access/password-rules.ts'
import { caller, daysAhead, type House, openHouse, withDatabase } from '../factories.ts'
import { Browser, hire, jarOf, linkMailedTo, type Person, sealingKey, signedIn } from './people.ts'

let stack: Stack
let house: House
let host: Person
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
  house = await openHouse(stack)
  host = await hire(stack, house, 'host')
})
afterAll(() => stack.stop())
afterEach(async () => {
  await control('/redis/fail', { on: false })
})

async function control(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${stack.control_origin}${path}`, { method: 'POST', body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(await answer.text())
}

async function tripsOf(work: () => Promise<{ status: number }>, status: number): Promise<number> {
  await control('/neon/reset', {})
  expect((await work()).status).toBe(status)
  const stats: { round_trips: number } = JSON.parse(await (await fetch(`${stack.control_origin}/neon/stats`)).text())
  return stats.round_trips
}

test('a request of staff costs one database round trip, as a key’s does; recognising them costs none', async () => {
  const browser = await signedIn(stack, host)
  const path = `/api/availability?date=${daysAhead(3)}&guests=2`
  await browser.call('GET', path)
  expect(await tripsOf(() => browser.call('GET', path), 200)).toBe(1)
  await stack.worker.restart()
  // A cold isolate reads the house; who it is says the token.
  expect(await tripsOf(() => browser.call('GET', path), 200)).toBe(2)
  expect(await tripsOf(() => browser.call('POST', '/api/auth/refresh', {}), 200)).toBe(1)
})

describe('R87, R88 with Redis out of reach', () => {
  test.each(['error', 'hang'])('(%s) nobody is told whether a password is right', async (mode) => {
    await control('/redis/fail', { on: true, ...(mode === 'hang' ? { mode } : {}) })
    const right = await new Browser(stack).signIn(host)
    const wrong = await new Browser(stack).signIn({ ...host, password: 'not their password' })
    expect([right.status, right.code]).toEqual([503, 'unavailable'])
    expect([wrong.status, wrong.code]).toEqual([503, 'unavailable'])
    expect(jarOf(right).lines).toEqual([])
  })

  test('who is signed in works on, and who was signed out stays out', async () => {
    const [tablet, phone] = [await signedIn(stack, host), await signedIn(stack, host)]
    const { access } = phone.jar
    await control('/redis/fail', { on: true })
    // Postgres was told, Redis could not be.
    expect((await phone.call('POST', '/api/auth/sign-out', {})).status).toBe(200)
    await stack.worker.restart()
    expect((await caller(stack.origin, access)('GET', '/tables')).code).toBe('unauthorized')
    expect((await tablet.call('GET', '/api/tables')).status).toBe(200)

    // Back again, Redis knows nothing of it until the next sweep.
    await control('/redis/fail', { on: false })
    await stack.worker.scheduled({ cron: '*/5 * * * *' })
    await stack.worker.restart()
    expect((await caller(stack.origin, access)('GET', '/tables')).code).toBe('unauthorized')
  })

  test('and Postgres too, nobody is let in unseen', async () => {
    const browser = await signedIn(stack, host)
    await stack.worker.restart()
    await control('/redis/fail', { on: true })
    await control('/neon/fail', { mode: 'error_code', code: '08006', next: 4 })
    const answer = await browser.call('GET', '/api/tables')
    expect([answer.status, answer.code]).toEqual([503, 'unavailable'])
    expect((await browser.call('GET', '/api/tables')).status).toBe(200)
  })
})

test('R91 a link that could not be mailed goes out, made anew, with the next sweep', async () => {
  const email = 'late@house.test'
  await control('/mail/fail', { next: 1, status: 500 })
  const { id } = (await house.call('POST', '/staff', { email, name: 'Di', role: 'host' })).data
  const sent = (): Promise<Date | null> =>
    withDatabase(stack, async (client) => {
      const found = await client.query<{ mailed_at: Date | null }>(
        'select mailed_at from staff_tokens where staff_id = $1',
        [id],
      )
      return found.rows[0]?.mailed_at ?? null
    })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await sent()).toBeNull()
  const sweep = (): Promise<void> =>
    stack.worker.scheduled({ cron: '*/5 * * * *', time: new Date(Date.now() + 5 * 60_000) })
  await sweep()
  const token = await linkMailedTo(stack, email)
  expect((await new Browser(stack).call('POST', '/api/auth/invitation', { token })).status).toBe(200)
  expect(await sent()).not.toBeNull()
  // Once it is out no sweep sends it again.
  await sweep()
  const mails = await (await fetch(`${stack.control_origin}/mail?to=${email}`)).text()
  expect(mails.match(/console\/invitation/g)).toHaveLength(1)
})

describe('elsewhere than on one’s own machine', () => {
  test('cookies are for https and this host alone, and the demo’s staff do not sign in', async () => {
    await seedDemo(stack.database_url, sealingKey)
    const demo = { email: 'host@chianti.test', password: demoPassword }
    expect((await new Browser(stack).signIn(demo)).data.staff).toMatchObject({ name: 'Hana Tan', role: 'host' })

    const production = await startStack({
      bindings: {
        ENVIRONMENT: 'production',
        PUBLIC_ORIGIN: 'https://tableside.example',
        DATABASE_URL: stack.bindings['DATABASE_URL'] ?? '',
        NEON_PROXY: stack.bindings['NEON_PROXY'] ?? '',
      },
      migrations: false,
    })
    try {
      const browser = new Browser(production)
      browser.more = { origin: 'https://tableside.example' }
      expect((await browser.signIn(demo)).code).toBe('wrong_credentials')
      const answer = await browser.signIn(host)
      const lines = answer.headers.getSetCookie()
      expect(lines[0]).toMatch(/^__Host-ts_access=[\w.-]+; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/)
      expect(lines[1]).toMatch(
        /^__Secure-ts_refresh=[\w.-]+; Path=\/api\/auth; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure$/,
      )
      const access = /=([^;]+)/.exec(lines[0] ?? '')?.[1]
      const get = (cookie: string) => fetch(`${production.origin}/api/tables`, { headers: { cookie } })
      expect((await get(`__Host-ts_access=${access}`)).status).toBe(200)
      // One that another host below the same domain could have set is none of ours.
      expect((await get(`ts_access=${access}`)).status).toBe(401)
    } finally {
      await production.stop()
    }
  })
})
