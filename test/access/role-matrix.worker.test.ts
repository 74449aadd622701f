import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { app, endpoints } from '../../functions/http.ts'
import { platformKey } from '../../local/keys.ts'
import { signMemberToken } from '../../src/access/member-token.ts'
import { type Role, roles, scopes } from '../../src/access/schema.ts'
import { type Call, caller, type House, openHouse, withDatabase } from '../factories.ts'
import { hire, signedIn, tokenSecret } from './people.ts'
import { operators, others, rolesMay, routesFor } from './permissions.ts'

const where = inject('stack')
const nobody = '00000000-0000-7000-8000-000000000000'

/** A route under its one name: aliases are the same route. */
function plain(method: string, path: string): string {
  const own = path
    .replace(/^\/api\/restaurants\/:restaurant_id$/, '/api/restaurant')
    .replace(/^\/api\/restaurants\/:restaurant_id\//, '/api/')
    .replace(/^\/api\/clients(?=\/|$)/, '/api/guests')
  return `${method} ${own}`
}

const groupOf = new Map(Object.entries(routesFor).flatMap(([who, routes]) => routes.map((route) => [route, who])))
const routes = [...groupOf.keys()]

/** Who asks: what they hold, spelled out, and how they ask. */
type Principal = {
  name: string
  holds: readonly string[]
  is: 'key' | 'staff' | 'member' | 'nobody' | 'operator'
  call: Call
}

/** `floor:*` is both. */
function spelledOut(scope: string): string[] {
  return scope.endsWith(':*') ? ['read', 'write'].map((what) => scope.replace('*', what)) : [scope]
}

/** Whether the door opens, by the tables in permissions.ts alone. */
function mayEnter(route: string, { holds, is }: Principal): boolean {
  const who = groupOf.get(route) ?? ''
  if (is === 'operator') return who === 'platform' || operators.includes(route)
  if (who === 'anybody') return true
  if (is === 'nobody') return false
  if (is === 'member') return who === 'phones' || who.startsWith('phones or ')
  if (who === 'any_of_the_house') return true
  if (who === 'signed_in') return is === 'staff'
  return holds.includes(who.replace(/^(phones|calls) or /, ''))
}

let house: House
let principals: Principal[]
beforeAll(async () => {
  house = await openHouse(where)
  const byRole = await Promise.all(
    roles.map(async (role: Role): Promise<Principal> => {
      const browser = await signedIn(where, await hire(where, house, role))
      return { name: role, holds: rolesMay[role], is: 'staff', call: tokenCall(browser.jar.access) }
    }),
  )
  const byScope: Principal[] = []
  for (const scope of scopes) {
    const issued = await house.call('POST', '/keys', { name: scope, scopes: [scope] })
    byScope.push({ name: scope, holds: spelledOut(scope), is: 'key', call: tokenCall(issued.data.api_key) })
  }
  await withDatabase(where, (client) =>
    client.query('update api_keys set rate_per_minute = 10000000 where restaurant_id = $1', [house.id]),
  )
  const member = await signMemberToken(
    tokenSecret,
    { member_id: nobody, session_id: nobody, restaurant_id: house.id, table_id: nobody, jti: crypto.randomUUID() },
    Date.now(),
  )
  principals = [
    ...byRole,
    ...byScope,
    { name: 'a phone at a table', holds: [], is: 'member', call: tokenCall(member) },
    { name: 'nobody', holds: [], is: 'nobody', call: tokenCall(null) },
    { name: 'an operator', holds: [], is: 'operator', call: tokenCall(platformKey) },
  ]
})

function tokenCall(token: string | null): Call {
  const call = caller(where.origin, token)
  return (method, path, body, headers) =>
    call(method, path, body, { 'cf-connecting-ip': `matrix-${token?.slice(-9)}`, ...headers })
}

/** Asks a route about nothing there is, with a body that says nothing. Below the house where it can be asked so. */
async function ask(route: string, { call, is }: Principal): Promise<{ status: number; code: string | undefined }> {
  const [method = '', path = ''] = route.split(' ')
  const named = path.replace(/:\w+/g, nobody)
  const below = is === 'operator' && operators.includes(route) ? belowHouse(named) : named
  // Of many edits of one house at once, some lose to others so often that they are told to come again: as any client, so.
  for (let attempt = 1; ; attempt++) {
    const { status, code, headers } = await fetchPath(call, method, below)
    const seconds = headers.get('retry-after')
    if (status !== 503 || code !== 'busy' || seconds === null || attempt === 6) return { status, code }
    await sleep(Number(seconds) * 1_000 + Math.random() * 300)
  }
}

function belowHouse(path: string): string {
  return path === '/api/restaurant'
    ? `/api/restaurants/${house.id}`
    : path.replace(/^\/api\//, `/api/restaurants/${house.id}/`)
}

/** The caller of factories.ts puts /api before what has none. */
function fetchPath(call: Call, method: string, path: string): ReturnType<Call> {
  return call(
    method,
    path.startsWith('/api') ? path : `/api/../${path.slice(1)}`,
    method === 'GET' || method === 'DELETE' ? undefined : {},
  )
}

async function inTurns<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all]
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one)
    }),
  )
}

const signsOut = (route: string): boolean => route.startsWith('POST /api/auth/sign-out')

describe('R85 one table of permissions', () => {
  test('every route of the Worker is in it, and nothing that is no route', () => {
    const served = new Set(
      app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => plain(method, path)),
    )
    const listed = [...routes, ...others]
    expect(
      [...served].filter((route) => !listed.includes(route)),
      'say in test/access/permissions.ts who may',
    ).toEqual([])
    expect(listed.filter((route) => !served.has(route))).toEqual([])
    expect(listed.length).toBe(new Set(listed).size)
    expect(endpoints.filter((one) => one.operator).length).toBe(operators.length)
  })

  test(
    'every route × every role, every single scope, a phone, nobody and an operator',
    { timeout: 240_000 },
    async () => {
      const wrong: string[] = []
      let asked = 0
      const pairs = routes
        .filter((route) => !signsOut(route))
        .flatMap((route) => principals.map((one) => ({ route, one })))
      await inTurns(pairs, async ({ route, one }) => {
        const { status, code } = await ask(route, one)
        const refused = code === 'unauthorized' || code === 'forbidden'
        asked += 1
        if (
          status >= 500 ||
          status === 429 ||
          refused === mayEnter(route, one) ||
          (one.is === 'nobody' && refused && status !== 401)
        )
          wrong.push(`${route} for ${one.name}: ${status} ${code}`)
      })
      expect(wrong).toEqual([])
      expect(asked).toBeGreaterThan(2_000)
    },
  )

  test('what the routes say of themselves is what the table says', () => {
    for (const one of endpoints.filter(({ access }) => access === 'key')) {
      const who =
        groupOf.get(plain(one.method.toUpperCase(), `/api${one.path}`.replace('/api/api', '/api'))) ??
        groupOf.get(`${one.method.toUpperCase()} ${one.path}`)
      expect([one.path, who]).toEqual([one.path, one.scope === 'any' ? 'any_of_the_house' : one.scope])
    }
  })

  test('signing out is for who is signed in, and for anybody who thinks they are', async () => {
    const person = await hire(where, house, 'host')
    const key = principals.find((one) => one.is === 'key')
    expect((await key?.call('POST', '/auth/sign-out-everywhere', {}))?.code).toBe('forbidden')
    expect((await (await signedIn(where, person)).call('POST', '/api/auth/sign-out-everywhere', {})).status).toBe(200)
    expect((await caller(where.origin, null)('POST', '/auth/sign-out-everywhere', {})).code).toBe('unauthorized')
    expect((await caller(where.origin, null)('POST', '/auth/sign-out', {})).status).toBe(200)
  })

  test('R31 another house’s owner and another house’s key find nothing of this one', { timeout: 120_000 }, async () => {
    const other = await openHouse(where)
    const boss = await signedIn(where, await hire(where, other, 'owner'))
    const below = endpoints
      .filter((one) => one.tenant && !one.root)
      .map((one) => ({
        method: one.method.toUpperCase(),
        path: belowHouse(`/api${one.path}`).replace(/:\w+/g, nobody),
      }))
    const wrong: string[] = []
    for (const call of [other.call, tokenCall(boss.jar.access)]) {
      await inTurns(below, async ({ method, path }) => {
        const { status, code } = await fetchPath(call, method, path)
        if (status !== 404 || code !== 'not_found') wrong.push(`${method} ${path}: ${status} ${code}`)
      })
    }
    expect(wrong).toEqual([])
    expect(below.length).toBeGreaterThan(60)
  })
})
