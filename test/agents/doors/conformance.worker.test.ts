import { randomUUID } from 'node:crypto'
import { ProtocolError } from '@modelcontextprotocol/client'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import type { House } from '../../factories.ts'
import { bookedOn, conformanceCases, conformanceHouse, inputOf } from '../conformance.ts'
import { connected, useTool } from '../mcp-client.ts'
import { Wire } from './sockets.ts'
import { elevenLabs, letAnswer, openAi, retell, send, type Told, twilioTool, vapi } from './vendors.ts'

const where = inject('stack')

type Ended = { end: string; output: Record<string, unknown>; say: string }
type Asks = (operation: string, input: Record<string, unknown>) => Promise<Ended>
type Line = { ask: Asks; hangUp: () => Promise<void> }

const ended = (told: Told): Ended => ({
  end: told['ok'] ? 'ok' : told['code'],
  output: told,
  say: told['say'],
})
const nothing = async (): Promise<void> => {}

/** How somebody who calls from a number is served through each door. */
const doors: [string, (house: House, caller: string | null) => Promise<Line>][] = [
  [
    'vapi',
    async (house, caller) => {
      const call = { id: randomUUID(), customer: { number: caller } }
      const ask: Asks = async (name, input) => {
        const toolCallList = [
          { id: randomUUID(), type: 'function', function: { name, arguments: JSON.stringify(input) } },
        ]
        const sent = await send(vapi(where, house, { type: 'tool-calls', call, toolCallList }))
        expect(sent.status).toBe(200)
        const [{ result, error }] = sent.json()['results']
        expect(result ?? error).not.toMatch(/[\n\r]/)
        return ended(JSON.parse(result ?? error))
      }
      const hangUp = async (): Promise<void> => {
        await send(vapi(where, house, { type: 'status-update', status: 'ended', call }))
      }
      return { ask, hangUp }
    },
  ],
  [
    'retell',
    async (house, caller) => {
      const call = { call_id: randomUUID(), from_number: caller }
      const ask: Asks = async (name, args) => {
        const sent = await send(await retell(where, house, { name, args, call, tool_call_id: randomUUID() }))
        expect(sent.status).toBe(200)
        return ended(sent.json())
      }
      const hangUp = async (): Promise<void> => {
        await send(await retell(where, house, { event: 'call_ended', call }))
      }
      return { ask, hangUp }
    },
  ],
  [
    'elevenlabs',
    async (house, caller) => {
      const headers = { 'x-conversation-id': randomUUID(), 'x-caller-id': caller ?? 'None', 'x-call-sid': 'None' }
      const ask: Asks = async (name, input) => {
        const sent = await send(elevenLabs(where, house, input, `/${name}`, headers))
        expect(sent.status).toBe(200)
        return ended(sent.json())
      }
      return { ask, hangUp: nothing }
    },
  ],
  [
    'twilio',
    async (house, caller) => {
      const call = { call_sid: `CA${randomUUID().replaceAll('-', '')}`, from: caller }
      const ask: Asks = async (name, input) => {
        const sent = await send(twilioTool(where, house, name, { ...call, input, tool_call_id: randomUUID() }))
        expect(sent.status).toBe(200)
        return ended(sent.json())
      }
      return { ask, hangUp: nothing }
    },
  ],
  [
    'openai',
    async (house, caller) => {
      const call_id = `rtc_${randomUUID().replaceAll('-', '')}`
      const sip_headers = [{ name: 'From', value: `<sip:${caller}@carrier.test>` }]
      const event = { type: 'realtime.call.incoming', data: { call_id, sip_headers } }
      expect((await send(openAi(where, house, event))).json()).toEqual({ accepted: true })
      const [{ body }] = Object(
        await (await fetch(`${where.control_origin}/openai/accepted?id=${call_id}`)).json(),
      ).accepted
      const [{ server_url, authorization }] = body.tools
      expect(server_url).toBe(`${where.origin}/mcp`)
      const client = await connected(where.origin, authorization)
      await client.listTools()
      const ask: Asks = (name, input) =>
        useTool(client, name, input).catch((error: unknown) => {
          if (!(error instanceof ProtocolError)) throw error
          const { code, hint } = Object(error.data)
          return { end: code, output: {}, say: hint }
        })
      return { ask, hangUp: () => client.close() }
    },
  ],
  [
    'voice_ws',
    async (house, caller) => {
      const url = `${where.origin.replace('http', 'ws')}/voice/ws${caller ? `?caller_phone=${encodeURIComponent(caller)}` : ''}`
      const wire = await new Wire(url, {}, ['tableside.voice.v1', `bearer.${house.key}`]).open()
      expect(await wire.take()).toMatchObject({ type: 'call.started' })
      const ask: Asks = async (operation, data) => {
        const frame = await wire.ask({ type: 'operation', request_id: randomUUID(), operation, data })
        return { end: frame['code'] ?? 'ok', output: frame['data'], say: frame['say'] }
      }
      const hangUp = async (): Promise<void> => {
        expect(await wire.ask({ type: 'hang_up' })).toEqual({ type: 'call.ended' })
      }
      return { ask, hangUp }
    },
  ],
]

describe.each(doors)('R229, R242 through the door of %s', (door, ring) => {
  let house: House
  beforeAll(async () => {
    house = await conformanceHouse(where)
    if (door !== 'voice_ws') await letAnswer(house, door)
  })

  test.each(conformanceCases)('$name', async ({ caller_phone, steps, reservations, date }) => {
    const { ask, hangUp } = await ring(house, caller_phone)
    let token: unknown
    for (const step of steps) {
      const { end, output, say } = await ask(step.operation, inputOf(step, token))
      expect([step.operation, end]).toEqual([step.operation, step.end])
      if (step.output) expect(output).toMatchObject(step.output)
      expect(say).toMatch(/\S/)
      token = output['commit_token'] ?? token
    }
    if (reservations) expect(await bookedOn(where, house, date)).toEqual(reservations)
    await hangUp()
  })
})
