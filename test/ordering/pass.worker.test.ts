import { randomUUID } from 'node:crypto'
import { describe, expect, inject, test } from 'vitest'
import { type Answer, withDatabase } from '../factories.ts'
import { fire, type Guest, sit, type Tavern } from './evenings.ts'
import { atRoot, openTavern } from './phones.ts'

const where = inject('stack')
const passOn = { settings: { daily_pass: 'on' }, email: `owner-${randomUUID()}@tavern.test` }

const rotate = (house: Tavern, body: unknown = {}, key = randomUUID()): Promise<Answer> =>
  atRoot(where.origin, house.key, 'POST', '/admin/daily_pass', body, { 'idempotency-key': key })
const give = (guest: Guest, pass: string, headers: Record<string, string> = {}): Promise<Answer> =>
  guest.call('POST', `/session/${guest.session_id}/validate_pass`, { pass }, headers)
async function mails(to: string): Promise<{ text: string; idempotency_key: string }[]> {
  const found = await fetch(`${where.control_origin}/mail?to=${encodeURIComponent(to)}`)
  const inbox: unknown = await found.json()
  return Array.isArray(inbox) ? inbox : []
}

describe('R81 the daily pass', () => {
  test('gates cart and order for each phone until it gives the pass, in any case and spacing', async () => {
    const house = await openTavern(where, passOn)
    const { pass } = (await rotate(house)).data
    const guest = await sit(where, house)
    const beside = await sit(where, house)
    const wish = { op: 'create', menu_item_id: house.menu.soup, version: 0 } as const
    expect(await guest.phone.mutate(wish)).toMatchObject({ type: 'error', code: 'pass_required' })
    expect(await fire(guest)).toMatchObject({ status: 403, code: 'pass_required' })
    expect(await give(guest, 'WRONG2')).toMatchObject({ status: 403, code: 'wrong_pass' })
    expect(await guest.phone.mutate(wish)).toMatchObject({ code: 'pass_required' })

    const spelled = ` ${pass.slice(0, 3).toLowerCase()}-${pass.slice(3).toLowerCase()} `
    expect((await give(guest, spelled)).data).toEqual({ accepted: true })
    await guest.phone.order(house.menu.soup)
    expect((await fire(guest)).status).toBe(201)
    expect(await beside.phone.mutate(wish)).toMatchObject({ code: 'pass_required' })
    // A phone that comes back need not give it again.
    const stranger = await sit(where, house, '2')
    expect(await stranger.call('POST', `/session/${guest.session_id}/validate_pass`, { pass })).toMatchObject({
      code: 'not_found',
    })
  })

  test('five wrong tries a minute: the sixth is 429, and so is the right one; of forty at once five are judged', async () => {
    const house = await openTavern(where, passOn)
    const { pass } = (await rotate(house)).data
    const guest = await sit(where, house)
    const codes: (string | undefined)[] = []
    for (let n = 1; n <= 6; n++) codes.push((await give(guest, `WRONG${n}`)).code)
    expect(codes).toEqual([...Array.from({ length: 5 }, () => 'wrong_pass'), 'rate_limited'])
    const locked = await give(guest, pass)
    expect(locked).toMatchObject({ status: 429, code: 'rate_limited' })
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
    // From another address it is the same session; from the same address another session fares no better.
    expect(await give(guest, pass, { 'cf-connecting-ip': '2001:db8::feed' })).toMatchObject({ code: 'rate_limited' })
    const other = await sit(where, house, '2')
    const address = { 'cf-connecting-ip': `2001:db8::${randomUUID().slice(0, 4)}` }
    const many = await Promise.all(
      Array.from({ length: 40 }, (_, n) => give(other, n === 20 ? pass : `NO${n}`, address)),
    )
    // One whose answer from Redis came too late was counted, and is told nothing.
    const told = many.map((one) => one.code ?? 'accepted')
    const counted = told.filter((code) => code === 'wrong_pass' || code === 'unavailable').length
    expect(told.filter((code) => code === 'wrong_pass').length, told.join()).toBeLessThanOrEqual(5)
    expect(counted, told.join()).toBeGreaterThanOrEqual(5)
    expect(told.filter((code) => code === 'rate_limited').length, told.join()).toBeGreaterThanOrEqual(20)
    const third = await sit(where, house, '3')
    expect(await give(third, pass, address)).toMatchObject({ code: 'rate_limited' })
    expect((await give(third, pass)).status).toBe(200)
  })

  test('eight phones on one Wi-Fi that are all right are all let in', async () => {
    const house = await openTavern(where, passOn)
    const { pass } = (await rotate(house)).data
    const guests = await Promise.all(Array.from({ length: 8 }, () => sit(where, house)))
    const address = { 'cf-connecting-ip': `2001:db8::${randomUUID().slice(0, 4)}` }
    const answers = await Promise.all(guests.map((guest) => give(guest, pass, address)))
    expect(answers.map((one) => one.status)).toEqual(Array.from({ length: 8 }, () => 200))
  })

  test('rotated by staff: told once, mailed once to the owner, the one before is worth nothing, kept only as a hash', async () => {
    const email = `owner-${randomUUID()}@tavern.test`
    const house = await openTavern(where, { ...passOn, email })
    const first = (await rotate(house)).data.pass
    const key = randomUUID()
    const second = await rotate(house, {}, key)
    expect(second).toMatchObject({ status: 201, data: { pass: expect.stringMatching(/^[A-Z2-9]{6}$/) } })
    expect((await rotate(house, {}, key)).data).toEqual({ night: second.data.night, pass: null })
    const guest = await sit(where, house)
    expect(await give(guest, first)).toMatchObject({ code: 'wrong_pass' })
    expect((await give(guest, second.data.pass)).status).toBe(200)
    await expect.poll(async () => (await mails(email)).length).toBe(2)
    expect((await mails(email)).map((one) => one.text).join()).toContain(second.data.pass)

    expect(await rotate(house, { pass: '- - - 1' })).toMatchObject({ code: 'validation_failed' })
    const own = (await rotate(house, { pass: 'Buon appetito' })).data
    expect(own.pass).toBe('Buon appetito')
    expect((await give(guest, 'BUONAPPETITO')).status).toBe(200)
    const kept = await withDatabase(where, (client) =>
      client.query('select d::text as row from daily_passes d where restaurant_id = $1', [house.id]),
    )
    expect(JSON.stringify(kept.rows)).not.toMatch(/buon/i)
    const stored = await withDatabase(where, (client) =>
      client.query('select e::text as row from events e where restaurant_id = $1 and type like $2', [
        house.id,
        'daily%',
      ]),
    )
    expect(stored.rows).toHaveLength(3)
    expect(JSON.stringify(stored.rows)).not.toContain(second.data.pass)
  })

  test('a house without it asks for none; without a pass of the night every one is wrong; staff need the scope', async () => {
    const free = await openTavern(where)
    const guest = await sit(where, free)
    expect((await give(guest, 'anything')).status).toBe(200)
    const strict = await openTavern(where, passOn)
    const waiting = await sit(where, strict)
    expect(await give(waiting, 'anything')).toMatchObject({ code: 'wrong_pass' })
    const reader = await strict.call('POST', '/keys', { name: 'reader', scopes: ['orders:read'] })
    const answer = await atRoot(where.origin, reader.data.api_key, 'POST', '/admin/daily_pass', {})
    expect(answer.code).toBe('forbidden')
    expect(await atRoot(where.origin, null, 'POST', '/admin/daily_pass', {})).toMatchObject({ code: 'unauthorized' })
  })
})

const call = (who: Guest, kind: string): Promise<Answer> =>
  who.call('POST', `/session/${who.session_id}/call`, { kind })

describe('R80 calls', () => {
  test('a waiter is called once however often one presses; acknowledged, the phones are told', async () => {
    const house = await openTavern(where)
    const guest = await sit(where, house)
    const beside = await sit(where, house)
    const pressed = await Promise.all([guest, beside, guest, beside].map((who) => call(who, 'waiter')))
    expect(pressed.map((one) => one.status)).toEqual([201, 201, 201, 201])
    expect(new Set(pressed.map((one) => one.data.id)).size).toBe(1)
    await beside.phone.next('call_update', (one) => !one.acknowledged)
    const water = await call(beside, 'water')
    const open = await house.call('GET', '/calls')
    expect(open.data.map((one: { kind: string }) => one.kind)).toEqual(['water', 'waiter'])
    expect(open.data[1]).toMatchObject({ table_number: '1', member: expect.any(String), acknowledged_at: null })

    const id = pressed[0]?.data.id
    const seen = await Promise.all([1, 2].map(() => house.call('POST', `/calls/${id}/acknowledge`)))
    expect(seen[0]?.data.acknowledged_at).toEqual(seen[1]?.data.acknowledged_at)
    await guest.phone.next('call_update', (one) => one.call_id === id && one.acknowledged)
    expect((await house.call('GET', '/calls')).data).toMatchObject([{ id: water.data.id }])
    expect((await house.call('GET', '/calls?status=all')).data).toHaveLength(2)
    expect((await call(guest, 'waiter')).data.id).not.toBe(id)
    expect(await call(guest, 'cook')).toMatchObject({ code: 'validation_failed' })
  })

  test('of another session, of another house, in a closed session: not there', async () => {
    const house = await openTavern(where)
    const other = await openTavern(where)
    const guest = await sit(where, house)
    const elsewhere = await sit(where, house, '2')
    const path = `/session/${guest.session_id}/call`
    expect(await elsewhere.call('POST', path, { kind: 'bill' })).toMatchObject({ code: 'not_found' })
    // Two tables may hit on the same key, and still are two.
    const key = { 'idempotency-key': 'thumb' }
    const made = await guest.call('POST', path, { kind: 'bill' }, key)
    const theirs = await elsewhere.call('POST', `/session/${elsewhere.session_id}/call`, { kind: 'bill' }, key)
    expect(theirs.data.table_number).toBe('2')
    expect(await other.call('POST', `/calls/${made.data.id}/acknowledge`)).toMatchObject({ code: 'not_found' })
    await withDatabase(where, (client) =>
      client.query("update table_sessions set closed_at = now(), close_reason = 'x' where id = $1", [guest.session_id]),
    )
    expect(await guest.call('POST', path, { kind: 'bill' })).toMatchObject({ code: 'session_closed' })
  })
})
