import { SignJWT } from 'jose'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { signMemberToken } from '../../src/access/member-token.ts'
import { roleScopes } from '../../src/access/rules.ts'
import { labelledKey } from '../../src/access/secret-key.ts'
import { signStaffToken } from '../../src/access/staff-token.ts'
import { caller, type House, openHouse, withDatabase } from '../factories.ts'
import { Browser, eventsOf, hire, jarOf, password, type Person, signedIn, tokenSecret } from './people.ts'

const where = inject('stack')
const nobody = '00000000-0000-7000-8000-000000000000'
let house: House
let host: Person
beforeAll(async () => {
  house = await openHouse(where)
  host = await hire(where, house, 'host')
})

const minutes = (n: number): Record<string, string> => ({
  'x-tableside-now': new Date(Date.now() + n * 60_000).toISOString(),
})
const days = (n: number): Record<string, string> => minutes(n * 1440)

describe('R87 signing in', () => {
  test('says who, where and what they may, keeps the tokens from scripts, and is written down', async () => {
    const browser = new Browser(where)
    const answer = await browser.call('POST', '/api/auth/sign-in', {
      email: ` ${host.email.toUpperCase()} `,
      password,
    })
    expect(answer.status).toBe(200)
    expect(answer.data).toEqual({
      staff: { id: host.id, email: host.email, name: host.name, role: 'host' },
      restaurant: { id: house.id, slug: house.slug, name: expect.any(String), timezone: house.timezone },
      scopes: roleScopes.host,
      access_expires_at: expect.any(String),
    })
    const { access, refresh, lines } = jarOf(answer)
    expect(lines).toEqual([
      `ts_access=${access}; Path=/; Max-Age=900; HttpOnly; SameSite=Lax`,
      `ts_refresh=${refresh}; Path=/api/auth; Max-Age=1209600; HttpOnly; SameSite=Lax`,
    ])
    expect(JSON.stringify(answer.body)).not.toContain(access)
    expect((await browser.call('GET', '/api/auth/me')).data.staff).toEqual(answer.data.staff)

    // The same token as a client without cookies sends it.
    const client = caller(where.origin, access)
    expect((await client('GET', '/tables')).status).toBe(200)
    expect((await client('GET', `/restaurants/${house.id}/tables`)).status).toBe(200)
    const event = (await eventsOf(where, house)).findLast((one) => one.type === 'staff.signed_in')
    expect(event).toMatchObject({
      subject_id: host.id,
      actor: { kind: 'staff', id: host.id, name: host.name, role: 'host' },
      after: { address: browser.address, user_agent: 'Test browser' },
    })
    const told = JSON.stringify(await eventsOf(where, house))
    for (const secret of [password, access, refresh]) expect(told).not.toContain(secret)
  })

  test('a wrong password and an e-mail nobody has are told the same', async () => {
    const browser = new Browser(where)
    const wrong = await browser.signIn({ ...host, password: 'not their password' })
    const unknown = await browser.signIn({ email: 'nobody@house.test', password })
    expect([wrong.status, wrong.code]).toEqual([401, 'wrong_credentials'])
    const { request_id: _a, ...first } = wrong.body
    const { request_id: _b, ...second } = unknown.body
    expect(second).toEqual(first)
    expect(jarOf(wrong).lines).toEqual([])
    await expect
      .poll(async () => (await eventsOf(where, house)).findLast((one) => one.type === 'staff.sign_in_failed'))
      .toMatchObject({ subject_id: host.id, after: { email: host.email, address: browser.address } })
  })

  test.each([
    [{ email: 'x', password: 'y' }],
    [{ email: 'a@b.test' }],
    [{ email: 'a@b.test', password: '' }],
    [{ email: 'a@b.test', password: 'x', restaurant: 'No Slug' }],
    [{ email: 'a@b.test', password: 'x', role: 'owner' }],
    [{ email: 'a@b.test', password: 'x'.repeat(501) }],
  ])('%j is refused', async (body) => {
    expect((await new Browser(where).call('POST', '/api/auth/sign-in', body)).code).toBe('validation_failed')
  })

  test('who works in two houses is asked which, once the password was right', async () => {
    const other = await openHouse(where)
    const here = await hire(where, house, 'server')
    await hire(where, other, 'manager', here.email)
    const browser = new Browser(where)
    expect((await browser.signIn({ ...here, password: 'not their password' })).body.restaurants).toBeUndefined()
    const asked = await browser.signIn(here)
    expect([asked.status, asked.code]).toEqual([409, 'several_restaurants'])
    expect(asked.body.restaurants.map((one: { slug: string }) => one.slug).toSorted()).toEqual(
      [house.slug, other.slug].toSorted(),
    )
    expect((await browser.signIn(here, other.slug)).data.staff.role).toBe('manager')
    expect((await browser.call('GET', `/api/restaurants/${house.id}/tables`)).code).toBe('not_found')
    expect((await browser.signIn(here, 'no-such-house')).code).toBe('wrong_credentials')
  })

  test('another’s page signs nobody in', async () => {
    const browser = new Browser(where)
    browser.more = { origin: 'https://evil.test' }
    expect((await browser.signIn(host)).code).toBe('bad_origin')
    browser.more = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }
    expect((await browser.signIn(host)).code).toBe('bad_origin')
    // A client that is no browser says nothing of pages.
    const plain = await caller(where.origin, null)('POST', '/auth/sign-in', { email: host.email, password })
    expect(plain.status).toBe(200)
  })
})

describe('R87 five wrong tries a minute', () => {
  test('for an account, from wherever, and then not even the right one', async () => {
    const victim = await hire(where, house, 'host')
    for (let n = 0; n < 5; n++)
      expect((await new Browser(where).signIn({ ...victim, password: `wrong password ${n}` })).code).toBe(
        'wrong_credentials',
      )
    const locked = await new Browser(where).signIn(victim)
    expect([locked.status, locked.code]).toEqual([429, 'rate_limited'])
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
    // Nobody else is locked out.
    expect((await new Browser(where).signIn(host)).status).toBe(200)
  })

  test('for an address, whomever it tries', async () => {
    const browser = new Browser(where)
    for (let n = 0; n < 5; n++) await browser.signIn({ email: `guess${n}@house.test`, password })
    expect((await browser.signIn(host)).code).toBe('rate_limited')
  })

  test('of twenty at once five are told that they are wrong, and no right one is told apart', async () => {
    const victim = await hire(where, house, 'host')
    const tries = Array.from({ length: 20 }, (_, n) =>
      new Browser(where).signIn({ ...victim, password: n === 19 ? password : `wrong password ${n}` }),
    )
    const codes = (await Promise.all(tries)).map((answer) => answer.code)
    expect(codes.filter((code) => code === 'wrong_credentials')).toHaveLength(5)
    expect(codes.filter((code) => code === 'rate_limited').length).toBeGreaterThanOrEqual(14)
  })

  test('right ones cost nothing', async () => {
    const browser = new Browser(where)
    for (let n = 0; n < 7; n++) expect((await browser.signIn(host)).status).toBe(200)
  })
})

const claims = (): Parameters<typeof signStaffToken>[1] => ({
  staff_id: host.id,
  session_id: nobody,
  restaurant_id: house.id,
  name: host.name,
  role: 'owner',
  jti: crypto.randomUUID(),
})
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const guest = (name: string) => ({ name, phone: `+65${80_000_000 + Math.floor(Math.random() * 9_999_999)}` })

const forge = async (changes: {
  role?: string
  alg?: string
  typ?: string
  iss?: string
  aud?: string
  key?: Uint8Array
}) => {
  const { staff_id, session_id, jti, ...rest } = claims()
  return new SignJWT({ sid: session_id, ...rest, ...(changes.role ? { role: changes.role } : {}) })
    .setProtectedHeader({ alg: changes.alg ?? 'HS256', typ: changes.typ ?? 'at+jwt' })
    .setSubject(staff_id)
    .setIssuer(changes.iss ?? 'tableside')
    .setAudience(changes.aud ?? 'staff')
    .setJti(jti)
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(changes.key ?? (await labelledKey(tokenSecret, 'staff access token')))
}

describe('R88 a token', () => {
  test('of ours is taken: what follows is refused for what is wrong with it', async () => {
    expect((await caller(where.origin, await forge({}))('GET', '/tables')).status).toBe(200)
  })

  test.each<[string, () => Promise<string> | string]>([
    ['signed with another secret', () => forge({ key: new TextEncoder().encode('x'.repeat(40)) })],
    ['signed with the bare secret', () => forge({ key: new TextEncoder().encode(tokenSecret) })],
    ['of another algorithm', () => forge({ alg: 'HS512', key: new TextEncoder().encode(tokenSecret.repeat(2)) })],
    ['for another audience', () => forge({ aud: 'table' })],
    ['of another issuer', () => forge({ iss: 'somebody' })],
    ['of another type', () => forge({ typ: 'JWT' })],
    ['without a signature', async () => (await forge({})).replace(/[^.]+$/, '')],
    [
      'alg none',
      async () => {
        const body = (await forge({})).split('.')[1] ?? ''
        return `${b64({ alg: 'none', typ: 'at+jwt' })}.${body}.`
      },
    ],
    [
      'with other claims',
      async () => {
        const [head, , mac] = (await forge({})).split('.')
        return `${head}.${b64({ sub: host.id, restaurant_id: house.id, role: 'owner' })}.${mac}`
      },
    ],
    ['expired', () => signStaffToken(tokenSecret, claims(), Date.now() - 16 * 60_000)],
    ['of a role there is not', () => forge({ role: 'admin' })],
    [
      'of a member',
      () =>
        signMemberToken(
          tokenSecret,
          { member_id: nobody, session_id: nobody, restaurant_id: house.id, table_id: nobody, jti: nobody },
          Date.now(),
        ),
    ],
    ['that is no token', () => 'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.x'],
    ['that is nothing', () => 'ey.ey.ey'],
  ])('%s is 401, in the header and in the cookie', async (_name, make) => {
    const token = await make()
    const byHeader = await caller(where.origin, token)('GET', '/tables')
    expect([byHeader.status, byHeader.code]).toEqual([401, 'unauthorized'])
    const browser = new Browser(where)
    browser.jar.access = token
    const byCookie = await browser.call('GET', '/api/tables')
    expect([byCookie.status, byCookie.code]).toEqual([401, 'unauthorized'])
    // Nor does a bad cookie keep anybody from a door that is open to all.
    expect((await browser.call('GET', `/is_open?restaurant_name=${house.slug}&table_number=1`)).code).not.toBe(
      'unauthorized',
    )
  })

  test('is good for fifteen minutes', async () => {
    const browser = await signedIn(where, host)
    expect((await browser.call('GET', '/api/tables', undefined, minutes(14))).status).toBe(200)
    expect((await browser.call('GET', '/api/tables', undefined, minutes(16))).code).toBe('unauthorized')
  })
})

describe('R88 a session', () => {
  test('goes on by refreshing; each refresh token is good once', async () => {
    const browser = await signedIn(where, host)
    const stolen = browser.jar.refresh
    expect((await browser.call('POST', '/api/auth/refresh', {}, minutes(14))).status).toBe(200)
    expect(browser.jar.refresh).not.toBe(stolen)
    expect((await browser.call('GET', '/api/tables', undefined, minutes(20))).status).toBe(200)
    const { access } = browser.jar

    const thief = new Browser(where)
    thief.jar.refresh = stolen
    const caught = await thief.call('POST', '/api/auth/refresh', {}, minutes(21))
    expect([caught.status, caught.code]).toEqual([401, 'signed_out'])
    // The whole family is over: whose it was signs in again.
    expect((await browser.call('POST', '/api/auth/refresh', {}, minutes(21))).code).toBe('signed_out')
    expect((await caller(where.origin, access)('GET', '/tables', undefined, minutes(21))).code).toBe('unauthorized')
    expect((await eventsOf(where, house)).findLast((one) => one.type === 'staff.refresh_reused')).toMatchObject({
      subject_id: host.id,
      after: { address: thief.address },
    })
  })

  test('survives two tabs that refresh at once, and an answer that was lost', async () => {
    const browser = await signedIn(where, host)
    const tab = new Browser(where)
    tab.jar = { ...browser.jar }
    const [one, two] = await Promise.all([
      browser.call('POST', '/api/auth/refresh', {}),
      tab.call('POST', '/api/auth/refresh', {}),
    ])
    expect([one.status, two.status]).toEqual([200, 200])
    expect(tab.jar.refresh).toBe(browser.jar.refresh)
    expect((await tab.call('GET', '/api/tables')).status).toBe(200)
    expect((await browser.call('GET', '/api/tables')).status).toBe(200)
    expect((await browser.call('POST', '/api/auth/refresh', {}, minutes(1))).status).toBe(200)
    // The successor was used meanwhile: the first token is two behind, and no tab is that late.
    tab.jar.refresh = (await signedIn(where, host)).jar.refresh
    const late = tab.jar.refresh
    await tab.call('POST', '/api/auth/refresh', {})
    await tab.call('POST', '/api/auth/refresh', {})
    tab.jar.refresh = late
    expect((await tab.call('POST', '/api/auth/refresh', {})).code).toBe('signed_out')
  })

  test('ends after fourteen days without use, and after sixty whatever happens', async () => {
    const idle = await signedIn(where, host)
    expect((await idle.call('POST', '/api/auth/refresh', {}, days(15))).code).toBe('signed_out')
    const busy = await signedIn(where, host)
    for (let day = 13; day < 60; day += 13)
      expect((await busy.call('POST', '/api/auth/refresh', {}, days(day))).status).toBe(200)
    expect((await busy.call('POST', '/api/auth/refresh', {}, days(61))).code).toBe('signed_out')
  })

  test.each([
    ['nothing', () => null],
    ['nonsense', () => 'x'],
    ['another generation', (token: string) => token.replace('.1.', '.7.')],
    ['another root', (token: string) => token.replace(/\.1\.[^.]{4}/, '.1.AAAA')],
    ['another house', (token: string) => token.replace(/^[^.]+/, nobody)],
  ])('is not refreshed by %s', async (_name, change) => {
    const browser = await signedIn(where, host)
    const good = browser.jar.refresh ?? ''
    browser.jar.refresh = change(good)
    expect((await browser.call('POST', '/api/auth/refresh', {})).code).toBe('signed_out')
    // And is none the worse for it.
    browser.jar.refresh = good
    expect((await browser.call('POST', '/api/auth/refresh', {})).status).toBe(200)
  })

  test('is over once signed out, on this device alone', async () => {
    const [tablet, phone] = [await signedIn(where, host), await signedIn(where, host)]
    const { access, refresh } = tablet.jar
    const out = await tablet.call('POST', '/api/auth/sign-out', {})
    expect(out.status).toBe(200)
    expect(jarOf(out).lines).toEqual([
      'ts_access=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax',
      'ts_refresh=; Path=/api/auth; Max-Age=0; HttpOnly; SameSite=Lax',
    ])
    expect((await caller(where.origin, access)('GET', '/tables')).code).toBe('unauthorized')
    tablet.jar.refresh = refresh
    expect((await tablet.call('POST', '/api/auth/refresh', {})).code).toBe('signed_out')
    expect((await phone.call('GET', '/api/tables')).status).toBe(200)
    // Again, and by nobody: done is done.
    expect((await tablet.call('POST', '/api/auth/sign-out', {})).status).toBe(200)
    expect((await new Browser(where).call('POST', '/api/auth/sign-out', {})).status).toBe(200)
    // With the access token gone the refresh cookie is enough.
    phone.jar.access = null
    expect((await phone.call('POST', '/api/auth/sign-out', {})).status).toBe(200)
    expect((await eventsOf(where, house)).filter((one) => one.type === 'staff.signed_out').length).toBe(2)
  })

  test('everywhere ends every device’s, and every token they still hold', async () => {
    const person = await hire(where, house, 'server')
    const [tablet, phone] = [await signedIn(where, person), await signedIn(where, person)]
    const before = phone.jar.access
    await phone.call('POST', '/api/auth/refresh', {}, minutes(1))
    expect((await tablet.call('POST', '/api/auth/sign-out-everywhere', {})).status).toBe(200)
    for (const token of [before, phone.jar.access])
      expect((await caller(where.origin, token)('GET', '/tables')).code).toBe('unauthorized')
    expect((await phone.call('POST', '/api/auth/refresh', {})).code).toBe('signed_out')
    expect((await signedIn(where, person)).jar.access).not.toBeNull()
  })
})

describe('R89 another’s page', () => {
  test('makes nobody’s browser change anything', async () => {
    const browser = await signedIn(where, host)
    const post = (headers: Record<string, string>) =>
      fetch(`${where.origin}/api/guests`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: `ts_access=${browser.jar.access}`, ...headers },
        body: JSON.stringify(guest('Ana')),
      })
    const foreign: Record<string, string>[] = [
      {},
      { origin: 'null' },
      { origin: 'https://evil.test' },
      { origin: `${where.origin}.evil.test` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      const answer = await post(headers)
      expect([answer.status, JSON.parse(await answer.text()).code]).toEqual([403, 'bad_origin'])
    }
    expect((await post({ origin: where.origin })).status).toBe(201)
    expect((await post({ 'sec-fetch-site': 'same-origin' })).status).toBe(201)
    // A token in the header is sent by no browser of itself.
    expect((await caller(where.origin, browser.jar.access)('POST', '/guests', guest('Bo'))).status).toBe(201)
    // And reading is for whoever may read the answer.
    expect((await browser.call('GET', '/api/guests')).status).toBe(200)
  })

  test('who is signed in at one house scans the sticker of another as anybody does', async () => {
    const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }]
    const [other, own] = [await openHouse(where, { hours }), await openHouse(where, { hours })]
    const browser = await signedIn(where, await hire(where, own, 'server'))
    const scan = async (at: House): Promise<string[]> => {
      const [table] = (await at.call('GET', '/tables')).data
      expect((await browser.call('POST', '/table_session', { qr_token: table.qr_token })).status).toBe(201)
      return withDatabase(where, async (client) => {
        const found = await client.query<{ kind: string }>(
          "select actor->>'kind' as kind from events where restaurant_id = $1 and type like 'session.%'",
          [at.id],
        )
        return found.rows.map((row) => row.kind)
      })
    }
    expect(new Set(await scan(other))).toEqual(new Set(['guest']))
    expect(new Set(await scan(own))).toEqual(new Set(['staff']))
  })
})
