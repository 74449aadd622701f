import { beforeAll, describe, expect, inject, test } from 'vitest'
import { platformKey } from '../../local/keys.ts'
import { caller, type House, openHouse } from '../factories.ts'
import { Browser, eventsOf, freshAddress, hire, linkMailedTo, password, type Person, signedIn } from './people.ts'

const where = inject('stack')
const nobody = '00000000-0000-7000-8000-000000000000'
let n = 0
const email = (): string => `new-${process.pid}-${Date.now()}-${(n += 1)}@house.test`

let house: House
let owner: Person
let manager: Person
beforeAll(async () => {
  house = await openHouse(where)
  owner = await hire(where, house, 'owner')
  manager = await hire(where, house, 'manager')
})

describe('R91 an invitation', () => {
  test('is mailed, says what it is, and is accepted once, with a password of one’s own', async () => {
    const boss = await signedIn(where, manager)
    const wish = { email: email(), name: 'Ana Silva', role: 'host' }
    const invited = await boss.call('POST', '/api/staff', { ...wish, email: wish.email.toUpperCase() })
    expect(invited.status).toBe(201)
    expect(invited.data).toMatchObject({ ...wish, status: 'invited', version: 1, last_sign_in_at: null })
    expect(JSON.stringify(invited.body)).not.toMatch(/hash|password/)
    // Nobody signs in with an account that has no password yet.
    expect((await new Browser(where).signIn({ email: wish.email, password })).code).toBe('wrong_credentials')

    const token = await linkMailedTo(where, wish.email)
    const browser = new Browser(where)
    const look = await browser.call('POST', '/api/auth/invitation', { token })
    expect(look.data).toMatchObject({ ...wish, restaurant: { id: house.id, slug: house.slug } })
    const accept = (secret: string) => browser.call('POST', '/api/auth/invitation/accept', { token, password: secret })
    for (const weak of ['password123', 'aaaaaaaaaa', wish.email, 'Ana Silva  ', '  1234567890  '])
      expect((await accept(weak)).code).toBe('weak_password')
    expect((await accept('too short')).code).toBe('validation_failed')
    const joined = await accept('plum tart 1987')
    expect(joined.status).toBe(200)
    expect(joined.data).toMatchObject({ staff: { email: wish.email, role: 'host' }, restaurant: { id: house.id } })
    expect((await browser.call('GET', '/api/reservations')).status).toBe(200)
    expect((await accept('plum tart 1987')).code).toBe('link_spent')
    expect((await browser.call('POST', '/api/auth/invitation', { token })).status).toBe(410)
    expect((await new Browser(where).signIn({ email: wish.email, password: 'plum tart 1987' })).status).toBe(200)
    const { data } = await boss.call('GET', '/api/staff?limit=200')
    const found = data.find((one: { email: string }) => one.email === wish.email)
    expect(found).toMatchObject({ status: 'active', invitation: null, version: 2, last_sign_in_at: expect.any(String) })
    const trail = (await eventsOf(where, house)).filter((one) => one.subject_id === found.id)
    expect(trail.map((one) => one.type)).toEqual(
      expect.arrayContaining(['staff.invited', 'staff.joined', 'staff.signed_in']),
    )
    for (const secret of [token, 'plum tart 1987']) expect(JSON.stringify(trail)).not.toContain(secret)
  })

  test('greets by one line, whatever somebody is called', async () => {
    const boss = await signedIn(where, manager)
    const to = email()
    const name = 'Ana\n\nYour account is locked, write to us'
    expect((await boss.call('POST', '/api/staff', { email: to, name, role: 'host' })).status).toBe(201)
    await linkMailedTo(where, to)
    const mailed = await (await fetch(`${where.control_origin}/mail?to=${encodeURIComponent(to)}`)).text()
    expect(mailed).toContain('Hello Ana Your account is locked, write to us,')
  })

  test('once more under the same key is one, with one mail; with another body it is refused', async () => {
    const wish = { email: email(), name: 'Bo', role: 'server' }
    const key = { 'idempotency-key': `invite-${wish.email}` }
    const answers = await Promise.all(Array.from({ length: 8 }, () => house.call('POST', '/staff', wish, key)))
    expect(new Set(answers.map((answer) => answer.data.id)).size).toBe(1)
    expect((await house.call('POST', '/staff', { ...wish, name: 'Bob' }, key)).code).toBe('idempotency_key_reused')
    const token = await linkMailedTo(where, wish.email)
    const mails = JSON.parse(await (await fetch(`${where.control_origin}/mail?to=${wish.email}`)).text())
    expect(JSON.stringify(mails).match(/console\/invitation/g)?.length).toBe(1)
    expect((await new Browser(where).call('POST', '/api/auth/invitation', { token })).status).toBe(200)
    // Under a key of its own it is somebody who works here already.
    const again = await house.call('POST', '/staff', wish)
    expect([again.status, again.code, again.body.current.id]).toEqual([409, 'already_exists', answers[0]?.data.id])
  })

  test('is good for seven days, and a later one ends it', async () => {
    const wish = { email: email(), name: 'Cy', role: 'kitchen' }
    const { id } = (await house.call('POST', '/staff', wish)).data
    const first = await linkMailedTo(where, wish.email)
    const look = (token: string, days: number) =>
      new Browser(where).call(
        'POST',
        '/api/auth/invitation',
        { token },
        {
          'x-tableside-now': new Date(Date.now() + days * 86_400_000).toISOString(),
        },
      )
    expect((await look(first, 6.9)).status).toBe(200)
    expect((await look(first, 7.1)).code).toBe('link_spent')
    expect((await house.call('POST', `/staff/${id}/invitation`, {})).status).toBe(200)
    const second = await linkMailedTo(where, wish.email, first)
    expect((await look(first, 0)).code).toBe('link_spent')
    expect((await look(second, 0)).status).toBe(200)
    const accepted = { token: second, password: 'plum tart 1987' }
    expect((await new Browser(where).call('POST', '/api/auth/invitation/accept', accepted)).status).toBe(200)
    expect((await house.call('POST', `/staff/${id}/invitation`, {})).code).toBe('illegal_step')
  })

  test.each([
    [{ email: 'no mail', name: 'x', role: 'host' }],
    [{ email: 'a@b.test', name: '', role: 'host' }],
    [{ email: 'a@b.test', name: 'x', role: 'admin' }],
    [{ email: 'a@b.test', name: 'x' }],
    [{ email: 'a@b.test', name: 'x', role: 'host', password: 'secret' }],
  ])('%j is refused', async (body) => {
    expect((await house.call('POST', '/staff', body)).code).toBe('validation_failed')
  })
})

describe('R91 a reset', () => {
  test('is mailed to who has an account, sets the password once, and signs every device out', async () => {
    const person = await hire(where, house, 'host', email())
    const tablet = await signedIn(where, person)
    const browser = new Browser(where)
    const asked = await browser.call('POST', '/api/auth/reset', { email: person.email })
    const unknown = await browser.call('POST', '/api/auth/reset', { email: 'nobody@house.test' })
    expect([asked.status, asked.body]).toEqual([200, { success: true, data: { done: true } }])
    expect(unknown.body).toEqual(asked.body)
    const token = await linkMailedTo(where, person.email)
    const confirm = (secret: string) => browser.call('POST', '/api/auth/reset/confirm', { token, password: secret })
    expect((await confirm(person.email)).code).toBe('weak_password')
    expect(
      (await browser.call('POST', '/api/auth/invitation/accept', { token, password: 'plum tart 1987' })).code,
    ).toBe('link_spent')
    expect((await confirm('plum tart 1987')).status).toBe(200)
    expect((await confirm('plum tart 1988')).code).toBe('link_spent')
    expect((await tablet.call('GET', '/api/tables')).code).toBe('unauthorized')
    expect((await tablet.call('POST', '/api/auth/refresh', {})).code).toBe('signed_out')
    expect((await browser.signIn(person)).code).toBe('wrong_credentials')
    expect((await browser.signIn({ ...person, password: 'plum tart 1987' })).status).toBe(200)
    const types = (await eventsOf(where, house)).filter((one) => one.subject_id === person.id).map((one) => one.type)
    expect(types).toEqual(expect.arrayContaining(['staff.reset_asked', 'staff.password_changed']))
  })

  test('is good for an hour, and of two the later one', async () => {
    const person = await hire(where, house, 'host', email())
    const browser = new Browser(where)
    await browser.call('POST', '/api/auth/reset', { email: person.email })
    const first = await linkMailedTo(where, person.email)
    await browser.call('POST', '/api/auth/reset', { email: person.email })
    const second = await linkMailedTo(where, person.email, first)
    const confirm = (token: string, minutes: number) =>
      browser.call(
        'POST',
        '/api/auth/reset/confirm',
        { token, password: 'plum tart 1987' },
        {
          'x-tableside-now': new Date(Date.now() + minutes * 60_000).toISOString(),
        },
      )
    expect((await confirm(first, 0)).code).toBe('link_spent')
    expect((await confirm(second, 61)).code).toBe('link_spent')
    expect((await confirm(second, 59)).status).toBe(200)
  })

  test('is asked for five times a minute at the most', async () => {
    const browser = new Browser(where)
    const codes: (string | undefined)[] = []
    for (let i = 0; i < 6; i++)
      codes.push((await browser.call('POST', '/api/auth/reset', { email: `nobody${i}@house.test` })).code)
    expect(codes.at(-1)).toBe('rate_limited')
  })
})

describe('another password', () => {
  test('takes the old one, and leaves this device signed in alone', async () => {
    const person = await hire(where, house, 'server')
    const [tablet, phone] = [await signedIn(where, person), await signedIn(where, person)]
    const change = (old: string, fresh: string) =>
      tablet.call('POST', '/api/auth/password', { password: old, new_password: fresh })
    expect((await change('not my password', 'plum tart 1987')).code).toBe('wrong_credentials')
    expect((await change(password, 'password123')).code).toBe('weak_password')
    expect((await change(password, 'plum tart 1987')).status).toBe(200)
    expect((await tablet.call('GET', '/api/tables')).status).toBe(200)
    expect((await phone.call('GET', '/api/tables')).code).toBe('unauthorized')
    expect((await phone.call('POST', '/api/auth/refresh', {})).code).toBe('signed_out')
    expect((await house.call('POST', '/auth/password', { password, new_password: 'x'.repeat(12) })).code).toBe(
      'forbidden',
    )
  })
})

describe('R86 staff are changed', () => {
  test('by nobody who may less than they do', async () => {
    const boss = await signedIn(where, manager)
    const host = await hire(where, house, 'host')
    for (const [method, path, body] of [
      ['POST', '/api/staff', { email: email(), name: 'x', role: 'owner' }],
      ['PATCH', `/api/staff/${owner.id}`, { name: 'x' }],
      ['PATCH', `/api/staff/${owner.id}`, { disabled: true }],
      ['PATCH', `/api/staff/${host.id}`, { role: 'owner' }],
      ['PATCH', `/api/staff/${manager.id}`, { role: 'owner' }],
      ['DELETE', `/api/staff/${owner.id}`, undefined],
    ] as const)
      expect((await boss.call(method, path, body)).code, `${method} ${path}`).toBe('forbidden')
    expect((await boss.call('PATCH', `/api/staff/${host.id}`, { role: 'manager' })).data.role).toBe('manager')
    // A key that may less than a host makes none.
    const issued = await house.call('POST', '/keys', {
      name: 'HR',
      scopes: ['staff:read', 'staff:write', 'floor:read'],
    })
    const key = caller(where.origin, issued.data.api_key)
    expect((await key('POST', '/staff', { email: email(), name: 'x', role: 'host' })).code).toBe('forbidden')
    expect((await key('DELETE', `/staff/${manager.id}`)).code).toBe('forbidden')
    expect((await key('GET', '/staff')).status).toBe(200)
  })

  test('at the version that was seen, once for a key, and in the trail', async () => {
    const host = await hire(where, house, 'host')
    const path = `/staff/${host.id}`
    const edited = await house.call('PATCH', path, { name: 'Hana', version: 1 })
    expect(edited.data).toMatchObject({ name: 'Hana', version: 2 })
    const stale = await house.call('PATCH', path, { name: 'Hannah', version: 1 })
    expect([stale.status, stale.code, stale.body.current.version]).toEqual([409, 'stale_version', 2])
    expect((await house.call('PATCH', path, { name: 'Hannah' }, { 'if-match': '"1"' })).code).toBe('stale_version')
    expect((await house.call('DELETE', path, undefined, { 'if-match': '1' })).code).toBe('stale_version')
    // R27, R26. The same key with another If-Match is another request.
    const key = { 'idempotency-key': `edit-${host.id}` }
    expect((await house.call('PATCH', path, { name: 'Han' }, { ...key, 'if-match': '2' })).data.version).toBe(3)
    expect((await house.call('PATCH', path, { name: 'Han' }, { ...key, 'if-match': '2' })).data.version).toBe(3)
    expect((await house.call('PATCH', path, { name: 'Han' }, { ...key, 'if-match': '3' })).code).toBe(
      'idempotency_key_reused',
    )
    // What changes nothing is no change.
    expect((await house.call('PATCH', path, { name: 'Han' })).data.version).toBe(3)
    expect((await house.call('PATCH', path, { role: 'cook' })).code).toBe('validation_failed')
    const trail = (await eventsOf(where, house)).filter((one) => one.subject_id === host.id)
    expect(trail.map((one) => one.type)).toEqual(['staff.changed', 'staff.changed'])
    expect(trail[0]).toMatchObject({ actor: { kind: 'key' }, before: { name: host.name }, after: { name: 'Hana' } })
    expect(JSON.stringify(trail)).not.toMatch(/password_hash|pbkdf|v1\$/)
  })

  test('R31 not by another house', async () => {
    const other = await openHouse(where)
    const host = await hire(where, house, 'host')
    const theirs = await signedIn(where, await hire(where, other, 'owner'))
    for (const call of [other.call, theirs.call.bind(theirs)]) {
      for (const [method, path, body] of [
        ['PATCH', `/api/staff/${host.id}`, { name: 'x' }],
        ['DELETE', `/api/staff/${host.id}`, undefined],
        ['POST', `/api/staff/${host.id}/invitation`, {}],
        ['GET', `/api/restaurants/${house.id}/staff`, undefined],
        ['PATCH', `/api/staff/${nobody}`, { name: 'x' }],
      ] as const)
        expect((await call(method, path, body)).code, `${method} ${path}`).toBe('not_found')
    }
    expect((await theirs.call('GET', '/api/staff')).data).toHaveLength(1)
    // An operator makes a house's first owner.
    const below = `/restaurants/${other.id}/staff`
    const platform = caller(where.origin, platformKey)
    expect((await platform('POST', below, { email: email(), name: 'Olga', role: 'owner' })).status).toBe(201)
    const pages = await platform('GET', `${below}?limit=1`)
    const next = await platform('GET', `${below}?limit=1&cursor=${pages.body.meta.next_cursor}`)
    expect([pages.data.length, next.data.length, next.body.meta.next_cursor]).toEqual([1, 1, null])
  })

  test('a new role holds from the next request on, without signing in again', async () => {
    const person = await hire(where, house, 'kitchen')
    const browser = await signedIn(where, person)
    expect((await browser.call('GET', '/api/reservations')).code).toBe('forbidden')
    expect((await house.call('PATCH', `/staff/${person.id}`, { role: 'host' })).status).toBe(200)
    expect((await browser.call('GET', '/api/reservations')).code).toBe('unauthorized')
    expect((await browser.call('POST', '/api/auth/refresh', {})).data.staff.role).toBe('host')
    expect((await browser.call('GET', '/api/reservations')).status).toBe(200)
  })

  test('who is switched off or has left is out at once, and stays out', async () => {
    for (const how of ['disabled', 'removed'] as const) {
      const person = await hire(where, house, 'host', email())
      const browser = await signedIn(where, person)
      await browser.call('POST', '/api/auth/reset', { email: person.email })
      const link = await linkMailedTo(where, person.email)
      const path = `/staff/${person.id}`
      if (how === 'disabled') expect((await house.call('PATCH', path, { disabled: true })).data.status).toBe('disabled')
      else expect((await house.call('DELETE', path)).status).toBe(200)
      expect((await browser.call('GET', '/api/tables')).code).toBe('unauthorized')
      expect((await browser.call('POST', '/api/auth/refresh', {})).code).toBe('signed_out')
      const again = await new Browser(where).signIn(person)
      expect(again.code).toBe(how === 'disabled' ? 'account_disabled' : 'wrong_credentials')
      const confirmed = { token: link, password: 'plum tart 1987' }
      expect((await browser.call('POST', '/api/auth/reset/confirm', confirmed)).code).toBe('link_spent')
      if (how === 'disabled') {
        expect((await house.call('PATCH', path, { disabled: false })).data.status).toBe('active')
        expect((await new Browser(where).signIn(person)).status).toBe(200)
      } else {
        expect((await house.call('DELETE', path)).code).toBe('not_found')
        expect((await house.call('POST', '/staff', { email: person.email, name: 'x', role: 'host' })).status).toBe(201)
      }
    }
  })
})

describe('R86 a house keeps an owner', () => {
  test('who is neither demoted, nor switched off, nor removed', async () => {
    const small = await openHouse(where)
    const only = await hire(where, small, 'owner')
    const boss = await signedIn(where, only)
    // Somebody who was invited and has not come is no owner yet.
    const invited = (await boss.call('POST', '/api/staff', { email: email(), name: 'Heir', role: 'owner' })).data
    const path = `/api/staff/${only.id}`
    for (const [method, body] of [
      ['PATCH', { role: 'manager' }],
      ['PATCH', { disabled: true }],
      ['DELETE', undefined],
    ] as const) {
      const kept = await boss.call(method, path, body)
      expect([kept.status, kept.code, kept.body.current.id]).toEqual([409, 'last_owner', only.id])
    }
    expect((await boss.call('DELETE', `/api/staff/${invited.id}`)).status).toBe(200)
    await hire(where, small, 'owner')
    expect((await boss.call('PATCH', path, { role: 'manager' })).data.role).toBe('manager')
  })

  test.each(['DELETE', 'PATCH'])('two who go at once by %s: one stays', async (method) => {
    for (let round = 0; round < 5; round++) {
      const small = await openHouse(where)
      const both = [await hire(where, small, 'owner'), await hire(where, small, 'owner')]
      const answers = await Promise.all(
        both.map(({ id }) => small.call(method, `/staff/${id}`, method === 'PATCH' ? { role: 'host' } : undefined)),
      )
      expect(answers.map((answer) => `${answer.status}`).toSorted()).toEqual(['200', '409'])
    }
  })
})

test('a guess at a link is counted', async () => {
  const address = freshAddress()
  const codes: (string | undefined)[] = []
  for (let i = 0; i < 21; i++) {
    const token = `${i}`.padStart(43, 'x')
    codes.push((await house.call('POST', '/auth/invitation', { token }, { 'cf-connecting-ip': address })).code)
  }
  expect(codes[0]).toBe('link_spent')
  expect(codes.at(-1)).toBe('rate_limited')
})
