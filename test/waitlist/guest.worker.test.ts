import { createHmac } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { readWaitlistToken, waitlistUrl } from '../../src/reservations/waitlist/link.ts'
import { type Answer, caller, openHouse, withDatabase } from '../factories.ts'
import { clockAt, day, entry, join, occupy, until } from './queues.ts'

const where = inject('stack')
const at18 = clockAt('18:00')
// As local/stack.ts gives it to the Worker.
const secrets = { public_origin: where.origin, token_secret: 'tableside-local-token-secret-0123456789' }

async function visit(url: string, method: string, body?: unknown, headers = at18): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const parsed = JSON.parse(await response.text())
  return { status: response.status, headers: response.headers, body: parsed, data: parsed.data, code: parsed.code }
}

test('R133 by its link a guest sees its place, takes the table or leaves; and nothing of anybody else', async () => {
  const house = await openHouse(where, { tables: [{ number: '1', seats: 4 }] })
  const sits = await occupy(house, '17:30')
  await join(house, { name: 'Bo' }, at18)
  const ana = await join(house, { notes: 'difficult' }, clockAt('18:01'))
  const url = await waitlistUrl(secrets, { restaurant_id: house.id, id: ana.id })
  const waits = await visit(url, 'GET')
  expect(waits).toMatchObject({
    status: 200,
    data: { status: 'waiting', name: 'Ana', position: 2, may: ['leave'], offer: null, quote: { min_minutes: 130 } },
  })
  expect(JSON.stringify(waits.body)).not.toMatch(/difficult|phone_number|Bo\b/)
  expect((await visit(url, 'POST', { action: 'accept' })).code).toBe('illegal_step')
  expect(JSON.stringify((await visit(url, 'POST', { action: 'accept' })).body)).not.toContain('difficult')

  await house.call('DELETE', `/reservations/${sits.id}`, undefined, clockAt('18:05'))
  await until(
    () => house.call('GET', '/waitlist?status=offered', undefined, clockAt('18:05')),
    (list) => list.data.length === 1,
  )
  await house.call('POST', '/waitlist/advance', undefined, clockAt('18:16'))
  const offered = await until(
    () => visit(url, 'GET', undefined, clockAt('18:16')),
    (one) => one.data.status === 'offered',
  )
  expect(offered.data).toMatchObject({
    may: ['accept', 'decline', 'leave'],
    offer: { expires_at: `${day}T18:26:00+08:00`, tables: [{ number: '1' }] },
  })
  const yes = await visit(url, 'POST', { action: 'accept' }, clockAt('18:20'))
  expect(yes.data).toMatchObject({
    status: 'accepted',
    confirmation_code: expect.stringMatching(/^[A-Z]/),
    may: ['leave'],
  })
  const left = await visit(url, 'POST', { action: 'leave' }, clockAt('18:21'))
  expect(left.data).toMatchObject({ status: 'left', may: [] })
  expect(await entry(house, ana.id, clockAt('18:21'))).toMatchObject({ left_by: 'guest' })
})

test('R133 a link that was made up, or for another entry, is 404', async () => {
  const house = await openHouse(where)
  const ana = await join(house, {}, at18)
  const url = await waitlistUrl(secrets, { restaurant_id: house.id, id: ana.id })
  const [claim = '', mac = ''] = url.split('/').at(-1)?.split('.') ?? []
  const forged = createHmac('sha256', 'another-secret').update(`tableside-waitlist:${claim}`).digest('base64url')
  const other = await waitlistUrl(secrets, { restaurant_id: house.id, id: house.id })
  for (const token of [
    'x',
    `${claim}.`,
    `${claim}.${forged}`,
    `${claim.slice(0, -2)}AA.${mac}`,
    `${mac}.${claim}`,
    other.split('/').at(-1) ?? '',
  ])
    expect((await visit(`${where.origin}/w/${token}`, 'GET')).code, token).toBe('not_found')
  expect(await readWaitlistToken('another-secret', `${claim}.${mac}`)).toBeNull()
  expect(await readWaitlistToken(secrets.token_secret, `${claim}.${mac}`)).toEqual({
    restaurant_id: house.id,
    entry_id: ana.id,
  })
})

test('R133 the key of a guest is that guest’s own, whoever else counts from one', async () => {
  const house = await openHouse(where)
  const key = { ...at18, 'idempotency-key': '1' }
  for (const name of ['Ana', 'Bo']) {
    const { id } = await join(house, { name }, at18)
    const url = await waitlistUrl(secrets, { restaurant_id: house.id, id })
    const left = [
      await visit(url, 'POST', { action: 'leave' }, key),
      await visit(url, 'POST', { action: 'leave' }, key),
    ]
    expect(left.map((one) => one.data)).toMatchObject([
      { name, status: 'left' },
      { name, status: 'left' },
    ])
  }
})

test.each(['accept', 'seat'])('R132 who was moved before they %s have the table they were moved to', async (step) => {
  const house = await openHouse(where, {
    tables: [
      { number: '1', seats: 4 },
      { number: '2', seats: 4 },
    ],
  })
  const [one] = house.tables
  const gone = await occupy(house, '17:30', { table_id: one?.id })
  const sits = await occupy(house, '17:30')
  const ana = await join(house, {}, at18)
  await house.call('DELETE', `/reservations/${gone.id}`, undefined, clockAt('18:05'))
  const offered = await until(
    () => entry(house, ana.id, clockAt('18:05')),
    ({ status }) => status === 'offered',
  )
  const sides = { a: { reservation: offered.reservation.id }, b: { reservation: sits.id } }
  expect((await house.call('POST', '/floor/swap', sides, clockAt('18:06'))).status).toBe(200)
  const url = await waitlistUrl(secrets, { restaurant_id: house.id, id: ana.id })
  const taken =
    step === 'accept'
      ? await visit(url, 'POST', { action: 'accept' }, clockAt('18:08'))
      : await house.call('POST', `/waitlist/${ana.id}/seat`, {}, clockAt('18:08'))
  expect(taken.status, JSON.stringify(taken.body)).toBe(200)
  const claims = await withDatabase(where, (client) =>
    client.query<{ number: string; live: boolean }>(
      `select t.number, c.during @> $3::timestamptz as live
         from claims c join tables t on t.restaurant_id = c.restaurant_id and t.id = c.table_id
        where c.restaurant_id = $1 and c.owner = $2 and c.blocking order by t.number`,
      [house.id, offered.reservation.id, `${day}T18:30:00+08:00`],
    ),
  )
  expect(claims.rows).toEqual([
    { number: '1', live: false },
    { number: '2', live: true },
  ])
})

test('keys do what their scopes say: who may join may not seat', async () => {
  const house = await openHouse(where)
  const made = await house.call('POST', '/keys', { name: 'agent', scopes: ['reservations:write'] })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const agent = caller(where.origin, made.data.api_key)
  const body = { name: 'Ana', party_size: 2 }
  const ana = await agent('POST', '/waitlist', body, at18)
  expect(ana.status).toBe(201)
  for (const [method, path] of [
    ['GET', '/waitlist'],
    ['GET', `/waitlist/${ana.data.id}`],
    ['POST', `/waitlist/${ana.data.id}/seat`],
    ['POST', `/waitlist/${ana.data.id}/notify`],
    ['POST', '/waitlist/advance'],
  ] as const)
    expect((await agent(method, path, method === 'POST' ? {} : undefined, at18)).status, path).toBe(403)
  expect((await agent('DELETE', `/waitlist/${ana.data.id}`, undefined, at18)).status).toBe(200)
  expect((await caller(where.origin, null)('POST', '/waitlist', body)).status).toBe(401)
})

test('R126 when an offer is made QStash is asked to call as it lapses; a call that is not signed is refused', async () => {
  const house = await openHouse(where)
  const ana = await join(house, {}, {})
  expect(ana.id).toBeTruthy()
  const offer = await join(house, { name: 'Bo' }, at18)
  await until(
    () => entry(house, offer.id, at18),
    (one) => one.status === 'offered',
  )
  const mine = await until(
    async () => (await fetch(`${where.control_origin}/qstash/messages`)).text(),
    (all) => all.includes(house.id),
  )
  expect(mine).toContain('/jobs/waitlist')
  expect(mine).toContain(house.id)
  const unsigned = await visit(`${where.origin}/jobs/waitlist`, 'POST', { restaurant_id: house.id, service_day: day })
  expect(unsigned.code).toBe('invalid_signature')
})
