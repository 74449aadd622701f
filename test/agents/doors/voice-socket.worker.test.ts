import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { VoiceAnswer, VoiceMessage } from '../../../src/agents/doors/voice-schema.ts'
import { caller, daysAhead, type House } from '../../factories.ts'
import { Screen, until } from '../../floor/screens.ts'
import { bookedOn } from '../conformance.ts'
import { openLine, ring } from '../lines.ts'
import { Wire } from './sockets.ts'

const where = inject('stack')
const ana = '+6598207272'
const query = `?caller_phone=${encodeURIComponent(ana)}`
const urlOf = (rest = ''): string => `${where.origin.replace('http', 'ws')}/voice/ws${rest}`

let house: House
beforeAll(async () => {
  house = await openLine(where)
})
const openWith = (token: string, rest = query): Promise<Wire> =>
  new Wire(urlOf(rest), {}, ['tableside.voice.v1', `bearer.${token}`]).open()
const reservation = (data: Record<string, unknown>, type = 'reservation.create'): Record<string, unknown> => ({
  type,
  request_id: randomUUID(),
  data,
})
const statuses = async (date: string): Promise<unknown[]> =>
  (await bookedOn(where, house, date)).map((one) => one['status'])

describe('R248 the voice socket', () => {
  test('carries a call from its first word to its end, live to the console', async () => {
    const screen = await new Screen(where.origin, { key: house.key }).connect()
    const date = daysAhead(5)
    const wire = await openWith(house.key)
    expect(wire.socket.protocol).toBe('tableside.voice.v1')
    const started = VoiceAnswer.parse(await wire.take())
    expect(started).toMatchObject({ type: 'call.started', consent: expect.stringContaining('automated') })
    expect(await wire.ask({ type: 'said', text: 'A table for two', key: 'one' })).toEqual({ type: 'noted', key: 'one' })
    await wire.ask({ type: 'said', text: 'A table for two', key: 'one' })
    const odd = await wire.ask({ type: 'said', text: 'A table for two', key: '\0' })
    expect(odd).toMatchObject({ type: 'error', code: 'malformed' })
    const fields = { date, time: '19:00', party_size: 2, name: 'Ana Garcia' }
    expect(await wire.ask(reservation({ date, party_size: 2 }, 'availability.check'))).toMatchObject({
      type: 'availability.found',
      data: { available: true },
    })
    const prepared = await wire.ask(reservation(fields))
    expect(prepared).toMatchObject({ type: 'reservation.prepared', say: expect.stringContaining('Shall I book it?') })
    const { commit_token } = prepared['data']
    expect(await wire.ask(reservation({ ...fields, commit_token }))).toMatchObject({
      type: 'reservation.confirmed',
      data: { status: 'booked' },
    })
    expect(await wire.ask(reservation({ name: 'Ana Garcia' }, 'reservation.lookup'))).toMatchObject({
      type: 'reservation.found',
    })
    const move = { name: 'Ana Garcia', new_time: '20:00' }
    const moving = await wire.ask(reservation(move, 'reservation.change'))
    expect(
      await wire.ask(reservation({ ...move, commit_token: moving['data'].commit_token }, 'reservation.change')),
    ).toMatchObject({ type: 'reservation.changed' })
    const leaving = await wire.ask(reservation({ name: 'Ana Garcia' }, 'reservation.cancel'))
    expect(
      await wire.ask(
        reservation({ name: 'Ana Garcia', commit_token: leaving['data'].commit_token }, 'reservation.cancel'),
      ),
    ).toMatchObject({ type: 'reservation.cancelled' })
    expect(await wire.ask(reservation({ topic: 'contact' }, 'restaurant.info'))).toMatchObject({
      type: 'restaurant.told',
    })
    expect(await wire.ask(reservation({ name: 'Ana Garcia' }, 'reservation.cancel'))).toMatchObject({
      type: 'reservation.error',
      code: expect.any(String),
    })
    for (const frame of wire.heard) VoiceAnswer.parse(frame)
    wire.hangUp()
    for (const wanted of ['call.started', 'call.heard', 'reservation.booked', 'reservation.changed', 'call.ended'])
      await screen.event((one) => one.event === wanted, wanted)
    screen.drop()
    const { data } = await house.call('GET', `/agents/calls/${started.type === 'call.started' ? started.call_id : ''}`)
    expect([data.door, data.turns.length, data.outcome]).toEqual(['voice_ws', 1, 'cancelled'])
  })

  test('the same request twice is answered the same; another under its name is refused', async () => {
    const date = daysAhead(6)
    const wire = await openWith(house.key)
    await wire.take()
    const request = reservation({ date, time: '19:00', party_size: 2, name: 'Ana Garcia' })
    const [first, second] = [await wire.ask(request), await wire.ask(request)]
    expect(second).toEqual(first)
    expect(
      await wire.ask({ ...request, data: { date, time: '20:00', party_size: 2, name: 'Ana Garcia' } }),
    ).toMatchObject({ code: 'idempotency_key_reused' })
    wire.hangUp()
  })

  test('a socket that closes is a call that is over: its table is given back, whoever closed it', async () => {
    for (const [i, end] of [
      (wire: Wire) => wire.hangUp(),
      (wire: Wire) => wire.socket.terminate(),
      (wire: Wire) => wire.say({ type: 'hang_up', summary: 'Never mind.' }),
    ].entries()) {
      const date = daysAhead(30 + i)
      const wire = await openWith(house.key)
      await wire.take()
      const held = await wire.ask(reservation({ date, time: '19:00', party_size: 2 }, 'table.hold'))
      expect([held['type'], await statuses(date)]).toEqual(['table.held', ['held']])
      end(wire)
      await until(async () => (await statuses(date))[0] === 'cancelled', 'the table given back')
    }
  })

  test('a call’s own token goes on with that call, and with no other', async () => {
    const line = await ring(where, house, ana)
    const date = daysAhead(7)
    const wire = await openWith(line.token, '')
    expect(await wire.take()).toMatchObject({ type: 'call.started', call_id: line.id, call_token: null })
    await wire.ask(reservation({ date, time: '19:00', party_size: 2 }, 'table.hold'))
    expect((await house.call('GET', `/agents/calls/${line.id}`)).data.hold_id).not.toBeNull()
    wire.hangUp()
    await until(async () => (await statuses(date))[0] === 'cancelled', 'the table given back')
  })

  test('whoever is not let in is told by the code it is closed with', async () => {
    const { data } = await house.call('POST', '/keys', { name: 'Reader', scopes: ['agents:read'] })
    for (const [token, code] of [
      ['tsk_nobody_has_this_key', 4401],
      ['rubbish', 4401],
      [data.api_key, 4403],
    ] as const)
      expect(await (await openWith(token)).gone()).toBe(code)
    expect(await (await new Wire(urlOf()).open()).gone()).toBe(4401)
    await expect(new Wire(urlOf('?colour=red')).open()).rejects.toThrow('refused 422')
    expect((await caller(where.origin, house.key)('GET', '/agents/calls?open=true')).status).toBe(200)
    expect((await fetch(`${where.origin}/voice/ws`)).status).toBe(426)
  })

  test('what is malformed, unknown or too large is said to be so', async () => {
    const wire = await openWith(house.key)
    await wire.take()
    expect(await wire.ask('no JSON')).toMatchObject({ type: 'error', code: 'malformed', request_id: null })
    expect(await wire.ask({ type: 'reservation.create', request_id: 'r1', colour: 'red' })).toMatchObject({
      code: 'malformed',
      request_id: 'r1',
    })
    expect(await wire.ask({ type: 'operation', request_id: 'r2', operation: 'order_pizza' })).toMatchObject({
      type: 'error',
      code: 'not_found',
    })
    expect(await wire.ask({ type: 'ping' })).toEqual({ type: 'pong' })
    wire.say('x'.repeat(70_000))
    expect(await wire.gone()).toBe(1009)
  })

  test('every example of the docs is as it is spoken', () => {
    const page = readFileSync('docs/voice.md', 'utf8')
    const examples = [...page.matchAll(/```json (in|out)\n([\s\S]*?)```/g)]
    expect(examples.length).toBeGreaterThan(8)
    for (const [, way, text = ''] of examples) (way === 'in' ? VoiceMessage : VoiceAnswer).parse(JSON.parse(text))
  })
})
