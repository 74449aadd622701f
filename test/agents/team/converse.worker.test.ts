import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { handoffTool, team } from '../../../src/agents/team/rules.ts'
import { caller, daysAhead, type House } from '../../factories.ts'
import { openLine, ring } from '../lines.ts'
import { startResponsesApi } from './responses-api.ts'

const where = inject('stack')
const soon = daysAhead(8)
const wish = { party_size: 2, date: soon, time: '19:00', name: 'Ana Garcia', phone: null, requests: null }
let api: Awaited<ReturnType<typeof startResponsesApi>>

beforeAll(async () => {
  api = await startResponsesApi()
})
afterAll(() => api.stop())

async function speakingHouse(): Promise<House> {
  const house = await openLine(where)
  const set = { secret: 'whsec_not-used-here', api_key: 'sk-in-house', model: 'gpt-test', api_url: api.url }
  const put = await house.call('PUT', '/integrations/voice/openai', set)
  if (put.status !== 200) throw new Error(JSON.stringify(put.body))
  expect(JSON.stringify(put.body)).not.toContain('sk-in-house')
  return house
}

describe('R266 the team in the Worker, with the house’s own model', () => {
  test('speaks with it under the house’s key, keeps nothing there, and books', async () => {
    const house = await speakingHouse()
    api.asked.length = 0
    api.script.push(
      () => ({ tool: 'transfer_to_reservation', input: wish }),
      () => ({ tool: 'make_reservation', input: { ...wish, email: null, area: null, commit_token: null } }),
      () => ({ text: 'Shall I?' }),
    )
    const first = await house.call('POST', '/agents/converse', {
      utterance: 'A table for two at seven, Ana Garcia',
      caller_phone: '98207272',
    })
    expect(first.status).toBe(200)
    expect(first.data).toMatchObject({ agent: 'reservation', waits_for_yes: true })
    expect(first.data.say).toMatch(/Shall I book it\?$/)
    expect(first.data.opened.call).toMatchObject({ caller_phone: '+6598207272', consent: expect.any(String) })
    const [asked] = api.asked
    expect(asked?.authorization).toBe('Bearer sk-in-house')
    expect(asked?.body).toMatchObject({ model: 'gpt-test', store: false })
    expect(asked?.body.tools.map((one) => one.name).toSorted()).toEqual(
      [...team.main.operations, ...team.main.hands_to.map(handoffTool)].toSorted(),
    )
    api.script.push(
      ({ body }) => {
        const [, input = ''] = /exactly this input: (\{.*?\}) If they say no/.exec(body.instructions) ?? []
        return { tool: 'make_reservation', input: JSON.parse(input) }
      },
      () => ({ text: 'It is booked.' }),
    )
    // With the call's own token, and nothing else.
    const speak = caller(where.origin, first.data.opened.call_token)
    const second = await speak('POST', '/agents/converse', { utterance: 'Yes please' })
    expect(second.data).toMatchObject({ say: 'It is booked.', opened: null, call_id: first.data.call_id })
    expect(second.data.operations).toEqual([{ operation: 'make_reservation', outcome: 'ok' }])
    const { data } = await house.call('GET', '/reservations?limit=10')
    expect(data).toMatchObject([{ status: 'confirmed', name: 'Ana Garcia', party_size: 2, source: 'voice' }])
  })

  test('a house without a model says so before anything is written; a model that fails can be asked again', async () => {
    const house = await openLine(where)
    const none = await house.call('POST', '/agents/converse', { utterance: 'Hello' })
    expect([none.status, none.code]).toEqual([409, 'model_not_configured'])
    expect((await house.call('GET', '/agents/calls')).data).toEqual([])
    const speaking = await speakingHouse()
    const headers = { 'idempotency-key': crypto.randomUUID() }
    api.script.push(() => ({ status: 401 }))
    const failed = await speaking.call('POST', '/agents/converse', { utterance: 'Hello' }, headers)
    expect([failed.status, failed.code, failed.headers.get('retry-after')]).toEqual([503, 'model_unavailable', '2'])
    expect(JSON.stringify(failed.body)).not.toContain('sk-')
    api.script.push(() => ({ text: 'Good evening.' }))
    const again = await speaking.call('POST', '/agents/converse', { utterance: 'Hello' }, headers)
    expect(again.data).toMatchObject({ say: 'Good evening.', agent: 'main' })
    const replayed = await speaking.call('POST', '/agents/converse', { utterance: 'Hello' }, headers)
    expect(replayed.data).toMatchObject({ say: 'Good evening.', call_id: again.data.call_id })
  })

  test('who may not write, another house’s call, and what is no utterance', async () => {
    const [house, other] = [await speakingHouse(), await speakingHouse()]
    const { id, token } = await ring(where, other, null)
    expect((await house.call('POST', '/agents/converse', { call_id: id, utterance: 'Hello' })).status).toBe(404)
    const own = await ring(where, other, null)
    const speak = caller(where.origin, token)
    expect((await speak('POST', '/agents/converse', { call_id: own.id, utterance: 'Hello' })).status).toBe(404)
    const key = (await house.call('POST', '/keys', { name: 'R', scopes: ['agents:read'] })).data.api_key
    const reader = caller(where.origin, key)
    expect((await reader('POST', '/agents/converse', { utterance: 'Hello' })).code).toBe('forbidden')
    for (const body of [{}, { utterance: '' }, { utterance: 'x'.repeat(2_001) }, { utterance: 'Hi', agent: 'main' }])
      expect((await house.call('POST', '/agents/converse', body)).code).toBe('validation_failed')
  })

  test('the team is told as plain data, in the language that is asked for', async () => {
    const house = await openLine(where)
    const { data } = await house.call('GET', '/agents/team?locale=es')
    expect(data.map((one: { name: string }) => one.name)).toEqual(['main', 'reservation', 'information', 'escalation'])
    expect(data[1].instructions).toContain('Atiende el teléfono del restaurante')
    expect(data[0].handoffs[0]).toMatchObject({ to: 'reservation', tool: 'transfer_to_reservation' })
    expect(data[0].handoffs[0].input_schema.required).toEqual([
      'party_size',
      'date',
      'time',
      'name',
      'phone',
      'requests',
    ])
  })

  test.each([['http://10.0.0.1/v1#x'], ['ftp://models.example'], ['https://user:pass@models.example']])(
    'a gateway at %s is refused',
    async (api_url) => {
      const house = await openLine(where)
      const put = await house.call('PUT', '/integrations/voice/openai', { secret: 'whsec_12345678', api_url })
      expect(put.code).toBe('validation_failed')
    },
  )
})
