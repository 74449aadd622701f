import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { daysAhead, type House, withDatabase } from '../../factories.ts'
import { bookAs, openLine } from '../lines.ts'
import { elevenLabs, elevenLabsReport, letAnswer, openAi, retell, send, type Told, twilio, vapi } from './vendors.ts'

const where = inject('stack')
const ana = '+6598207272'
const soon = daysAhead(9)
const wish = { date: soon, time: '19:00', party_size: 2 }

let house: House
beforeAll(async () => {
  house = await openLine(where)
  for (const vendor of ['vapi', 'retell', 'elevenlabs', 'openai', 'twilio']) await letAnswer(house, vendor)
  await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, daysAhead(3))
})

async function callOf(vendor_call_id: string): Promise<Told> {
  const { data } = await house.call('GET', '/agents/calls?limit=200')
  const found = data.find((one: { vendor_call_id: string }) => one.vendor_call_id === vendor_call_id)
  return (await house.call('GET', `/agents/calls/${found?.id}`)).data
}
async function heldOf(call: Told): Promise<number> {
  const statement = `
    select 1 from reservations r join events e on e.restaurant_id = r.restaurant_id and e.subject_id = r.id
     where e.restaurant_id = $1 and e.actor->>'id' = $2 and r.status = 'held'`
  return withDatabase(where, async (client) => (await client.query(statement, [house.id, call['id']])).rowCount ?? 0)
}

/** What an agent is told before the call: the house and the moment, and nothing of who calls. */
function isDiscreet(told: string): void {
  expect(told).toContain('House')
  expect(told).not.toMatch(/Ana|Garcia|8207272/)
}

describe('R242, R243 Vapi', () => {
  const call = { id: randomUUID(), customer: { number: ana }, phoneNumber: { number: '+6562272727' } }

  test('is given an agent for the call, with the house, the moment and the tools', async () => {
    const sent = await send(vapi(where, house, { type: 'assistant-request', call }))
    isDiscreet(sent.text)
    const { assistant } = sent.json()
    const [system] = assistant.model.messages
    const today = new Date().toLocaleDateString('sv', { timeZone: house.timezone })
    expect(system.content).toContain(today)
    expect(system.content).toContain('do not ask for it')
    expect(assistant.firstMessage).toMatch(/automated assistant.*How can I help you/)
    const { parameters } = assistant.model.tools.find(
      (one: Told) => one['function'].name === 'make_reservation',
    ).function
    expect(parameters.required.toSorted()).toEqual(['date', 'name', 'party_size', 'time'])
    expect(JSON.stringify(assistant.model.tools)).not.toMatch(/anyOf|\$schema/)
  })

  test('or the agent that the house names, told of the moment', async () => {
    const own = await openLine(where)
    await letAnswer(own, 'vapi', { agent_id: 'assistant-1' })
    const sent = await send(vapi(where, own, { type: 'assistant-request', call: { id: randomUUID() } }))
    expect(sent.json()).toMatchObject({
      assistantId: 'assistant-1',
      assistantOverrides: { variableValues: { house_name: expect.any(String), caller_number: 'withheld' } },
    })
  })

  test('several tools at once are done in their order, each with its own answer, on one line', async () => {
    const toolCallList = [
      { id: 't1', type: 'function', function: { name: 'hold_table', arguments: JSON.stringify(wish) } },
      { id: 't2', type: 'function', function: { name: 'hold_table', arguments: { ...wish, time: '04:00' } } },
      { id: 't3', type: 'function', function: { name: 'find_reservation', arguments: 'no JSON' } },
      { id: 't4', name: 'restaurant_info', parameters: { topic: 'contact' } },
    ]
    const sent = await send(vapi(where, house, { type: 'tool-calls', call, toolCallList }))
    const { results } = sent.json()
    expect(results.map((one: { toolCallId: string }) => one.toolCallId)).toEqual(['t1', 't2', 't3', 't4'])
    expect(JSON.parse(results[0].result)).toMatchObject({ ok: true, date: soon, party_size: 2 })
    expect(JSON.parse(results[1].error)).toMatchObject({ ok: false, code: 'closed', alternatives: expect.any(Array) })
    expect(JSON.parse(results[2].error)).toMatchObject({ code: 'validation_failed' })
    expect(JSON.parse(results[3].result).say).toContain('+65')
  })

  test('is told where a caller is put through to', async () => {
    await house.call('PATCH', '/restaurant', { settings: { voice: { transfer_number: '+6561234567' } } })
    const until = async (): Promise<unknown> =>
      (await send(vapi(where, house, { type: 'transfer-destination-request', call }))).json()
    await expect.poll(until, { timeout: 8000 }).toEqual({ destination: { type: 'number', number: '+6561234567' } })
  })

  test('what was said comes with the conversation and with its report, and stands once; hanging up gives the table back', async () => {
    const messages = [
      { role: 'system', content: 'x' },
      { role: 'bot', message: 'Hello' },
      { role: 'user', message: 'A table please' },
      { role: 'bot', message: 'For when' },
    ]
    await send(vapi(where, house, { type: 'conversation-update', call, messages }))
    expect((await callOf(call.id)).turns).toHaveLength(2)
    expect(await heldOf(await callOf(call.id))).toBe(1)
    const report = {
      type: 'end-of-call-report',
      call,
      endedReason: 'customer-ended-call',
      cost: 0.1234,
      analysis: { summary: 'Wanted a table.' },
      artifact: { messages: [...messages, { role: 'user', message: 'Never mind\nbye' }] },
    }
    for (let times = 0; times < 2; times++) expect((await send(vapi(where, house, report))).status).toBe(200)
    const ended = await callOf(call.id)
    expect(ended).toMatchObject({
      ended_reason: 'customer-ended-call',
      summary: 'Wanted a table.',
      cost: { amount: 0.1234, unit: 'USD' },
      consent_locale: 'en',
      hold_id: null,
    })
    expect(ended.turns.map((one: { text: string }) => one.text)).toEqual([
      'Hello',
      'A table please',
      'For when',
      'Never mind\nbye',
    ])
    expect(await heldOf(ended)).toBe(0)
    const toolCallList = [{ id: 't9', function: { name: 'hold_table', arguments: wish } }]
    const late = await send(vapi(where, house, { type: 'tool-calls', call, toolCallList }))
    expect(JSON.parse(late.json()['results'][0].error)).toMatchObject({ code: 'call_over' })
  })

  test('what is none of ours is acknowledged, what is not understood is refused', async () => {
    expect((await send(vapi(where, house, { type: 'speech-update', call }))).json()).toEqual({})
    expect((await send(vapi(where, house, { nothing: true }))).status).toBe(422)
  })

  test('a report that is larger than a request may be is taken', async () => {
    const id = randomUUID()
    const messages = Array.from({ length: 250 }, (_one, i) => ({ role: 'user', message: `${i} ${'so '.repeat(700)}` }))
    const report = { type: 'end-of-call-report', call: { id }, artifact: { messages } }
    expect((await send(vapi(where, house, report))).status).toBe(200)
    expect((await callOf(id)).turns).toHaveLength(250)
  })
})

const tools = (tool_call_id: string): unknown[] => [
  { role: 'user', content: 'Put me on the list' },
  { role: 'tool_call_invocation', tool_call_id: 'other', name: 'join_waitlist' },
  { role: 'tool_call_result', tool_call_id: 'other', content: '{}' },
  { role: 'tool_call_invocation', tool_call_id, name: 'join_waitlist' },
]

describe('R242, R243 Retell', () => {
  test('is told of the house before it takes the call, and makes no record of it', async () => {
    const sent = await send(
      await retell(where, house, {
        event: 'call_inbound',
        call_inbound: { from_number: ana, to_number: '+6562272727' },
      }),
    )
    isDiscreet(sent.text)
    expect(sent.json()['call_inbound'].dynamic_variables).toMatchObject({ language: 'en', caller_number: 'known' })
  })

  test('a call from its beginning to its analysis; a repeat is known by the name in the transcript, or by the moment', async () => {
    const call_id = randomUUID()
    const call = { call_id, from_number: ana, to_number: '+6562272727' }
    await send(await retell(where, house, { event: 'call_started', call }))
    const args = { party_size: 2, name: 'Ana' }
    const ask = async (more: Record<string, unknown>): Promise<unknown> =>
      (await send(await retell(where, house, { name: 'join_waitlist', args, call: { ...call, ...more } }))).json()[
        'waitlist_id'
      ]
    const first = await ask({ transcript_with_tool_calls: tools('one') })
    expect(first).toMatch(/-/)
    expect(await ask({ transcript_with_tool_calls: tools('one') })).toBe(first)
    const hold = async (transcript: string, time: string): Promise<unknown> => {
      const told = { name: 'hold_table', args: { ...wish, time }, call: { ...call, transcript } }
      return (await send(await retell(where, house, told))).json()['time']
    }
    // There and back again is three wishes; the same moment told twice is one.
    expect([
      await hold('a', '19:00'),
      await hold('b', '20:00'),
      await hold('c', '19:00'),
      await hold('c', '19:00'),
    ]).toEqual(['19:00', '20:00', '19:00', '19:00'])
    const said = [
      { role: 'agent', content: 'Hello' },
      { role: 'user', content: 'Hi' },
    ]
    await send(await retell(where, house, { event: 'transcript_updated', call: { ...call, transcript_object: said } }))
    expect((await callOf(call_id)).turns).toHaveLength(1)
    const over = { ...call, transcript_object: said, disconnection_reason: 'user_hangup' }
    await send(await retell(where, house, { event: 'call_ended', call: over }))
    const analysed = { ...over, call_analysis: { call_summary: 'Short.' }, call_cost: { combined_cost: 7.5 } }
    await send(await retell(where, house, { event: 'call_analyzed', call: analysed }))
    const ended = await callOf(call_id)
    expect(ended).toMatchObject({
      ended_reason: 'user_hangup',
      summary: 'Short.',
      cost: { amount: 0.075, unit: 'USD' },
    })
    expect([ended.turns.length, await heldOf(ended)]).toEqual([2, 0])
  })
})

describe('R242, R243 ElevenLabs', () => {
  test('is told of the house while it rings, and the call has one name from then to its report', async () => {
    const call_sid = `CA${randomUUID()}`
    const start = { caller_id: ana, agent_id: 'a', called_number: '+6562272727', call_sid }
    const sent = await send(elevenLabs(where, house, start))
    isDiscreet(sent.text)
    expect(sent.json()).toMatchObject({
      type: 'conversation_initiation_client_data',
      dynamic_variables: { house_name: expect.any(String), caller_number: 'known' },
      conversation_config_override: { agent: { first_message: expect.stringContaining('automated assistant') } },
    })
    const headers = { 'x-call-sid': call_sid, 'x-conversation-id': 'conv_1', 'x-caller-id': ana }
    expect((await send(elevenLabs(where, house, wish, '/hold_table', headers))).json()).toMatchObject({ ok: true })
    const call = await callOf(call_sid)
    expect([call.door, await heldOf(call)]).toEqual(['elevenlabs', 1])
    const data = {
      conversation_id: 'conv_1',
      transcript: [
        { role: 'agent', message: 'Hello' },
        { role: 'user', message: 'Hi' },
        { role: 'agent', message: null },
      ],
      metadata: {
        cost: 120,
        cost_fiat: 0.05,
        termination_reason: 'Client disconnected',
        phone_call: { call_sid, external_number: ana },
      },
      analysis: { transcript_summary: 'Hi.' },
    }
    expect((await send(elevenLabsReport(where, house, { type: 'post_call_transcription', data }))).status).toBe(200)
    const ended = await callOf(call_sid)
    expect(ended).toMatchObject({
      summary: 'Hi.',
      ended_reason: 'Client disconnected',
      cost: { amount: 0.05, unit: 'USD' },
    })
    expect([ended.turns.length, await heldOf(ended)]).toEqual([2, 0])
  })

  test('a tool without a conversation is refused: nothing is held for nobody', async () => {
    expect((await send(elevenLabs(where, house, wish, '/hold_table'))).status).toBe(422)
  })
})

function announced(names: { rtc: string; live: string; sip: string }): [unknown, unknown] {
  const sip_headers = [
    { name: 'Call-ID', value: names.sip },
    { name: 'From', value: '"Ana" <sip:+6598207272@carrier.test>;tag=1' },
    { name: 'To', value: '<sip:proj_1@sip.api.openai.com;transport=tls>' },
  ]
  return [
    { type: 'realtime.call.incoming', id: 'evt_1', data: { call_id: names.rtc, sip_headers } },
    { type: 'live.transport.incoming', id: 'evt_2', data: { type: 'sip', session_id: names.live, sip_headers } },
  ]
}
const named = (): { rtc: string; live: string; sip: string } => {
  const id = randomUUID().replaceAll('-', '')
  return { rtc: `rtc_${id}`, live: `live_${id}`, sip: `${id}@carrier` }
}

describe('R246 OpenAI', () => {
  type Accepted = { id: string; path: string; authorization: string; body: Told }
  async function accepted(...ids: string[]): Promise<Accepted[]> {
    const all: Told = Object(await (await fetch(`${where.control_origin}/openai/accepted`)).json())
    return all['accepted'].filter((one: Accepted) => ids.includes(one.id))
  }
  test('a call that is announced under both names, twenty times at once, is accepted once', async () => {
    const names = named()
    const [realtime, live] = announced(names)
    const sent = await Promise.all(
      Array.from({ length: 20 }, (_one, i) => send(openAi(where, house, i % 2 ? live : realtime))),
    )
    expect(new Set(sent.map((one) => one.status))).toEqual(new Set([200]))
    expect(sent.filter((one) => one.json()['accepted'])).toHaveLength(1)
    expect(await accepted(names.rtc, names.live)).toHaveLength(1)
    expect(await callOf(names.sip)).toMatchObject({ door: 'openai', caller_phone: ana, ended_at: null })
  })

  test('its model is told of the house and reaches the operations with the call’s own token', async () => {
    const names = named()
    const [realtime] = announced(names)
    await send(openAi(where, house, realtime))
    const [{ path, authorization, body } = Object({})] = await accepted(names.rtc)
    expect([path, authorization]).toEqual([`/v1/realtime/calls/${names.rtc}/accept`, `Bearer api-key-of-${house.slug}`])
    expect(body).toMatchObject({
      type: 'realtime',
      tools: [{ type: 'mcp', server_url: `${where.origin}/mcp`, require_approval: 'never' }],
    })
    isDiscreet(body.instructions)
  })

  test('a model of the live kind answers the live announcement, and no other', async () => {
    const own = await openLine(where)
    await letAnswer(own, 'openai', { agent_id: 'gpt-live-1' })
    const names = named()
    const [realtime, live] = announced(names)
    expect((await send(openAi(where, own, realtime))).json()).toEqual({ accepted: false })
    expect((await send(openAi(where, own, live))).json()).toEqual({ accepted: true })
    const [{ path, body } = Object({})] = await accepted(names.rtc, names.live)
    expect(path).toBe(`/v1/live/sessions/${names.live}/accept`)
    expect(body.session).toMatchObject({ type: 'live', model: 'gpt-live-1', delegation: { type: 'responses' } })
  })

  test('an acceptance that failed may be tried again; a house without an api_key answers none', async () => {
    const names = named()
    const [realtime] = announced(names)
    await fetch(`${where.control_origin}/openai/fail`, { method: 'POST', body: JSON.stringify({ next: 1 }) })
    expect((await send(openAi(where, house, realtime))).status).toBe(503)
    expect((await send(openAi(where, house, realtime))).json()).toEqual({ accepted: true })
    const own = await openLine(where)
    await letAnswer(own, 'openai', { api_key: undefined })
    expect((await send(openAi(where, own, announced(named())[0]))).status).toBe(503)
    expect((await send(openAi(where, house, { type: 'batch.completed', data: {} }))).json()).toEqual({
      accepted: false,
    })
  })
})

const form = (more: Record<string, string> = {}): Record<string, string> => ({
  CallSid: `CA${randomUUID()}`,
  CallStatus: 'ringing',
  From: ana,
  To: '+6562272727',
  ...more,
})

describe('R247 Twilio', () => {
  test('a call is connected to the conversation, greeted in the house’s languages', async () => {
    const own = await openLine(where, { name: 'Olive & "Figs" <3', languages: ['en', 'es', 'fr'] })
    await letAnswer(own, 'twilio')
    const { text } = await send(twilio(where, own, form()))
    expect(text).toContain(`url="${where.origin.replace('http', 'ws')}/voice/relay/${own.slug}"`)
    expect(text).toContain(
      'Para español, pulse 2. Pour le français, appuyez sur 3. You are speaking with an automated assistant.',
    )
    expect(text).toContain('Olive &amp; &quot;Figs&quot; &lt;3')
    expect(text).toContain('welcomeGreetingInterruptible="none"')
    expect(text).toContain('<Language code="es-US"/><Language code="fr-FR"/>')
  })

  test('a number that is withheld, in words or as a number that spells them, is no number', async () => {
    for (const From of ['anonymous', '+266696687', 'Restricted', '']) {
      const told = form({ From })
      await send(twilio(where, house, told))
      expect((await callOf(told['CallSid'] ?? '')).caller_phone).toBeNull()
    }
  })

  test('what the conversation leaves is said, and the caller put through', async () => {
    const left = { say: 'One moment <please>.', transfer: true, locale: 'en' }
    const told = form({ CallStatus: 'in-progress', SessionStatus: 'ended', HandoffData: JSON.stringify(left) })
    const { text } = await send(twilio(where, house, told, '?step=after'))
    expect(text).toContain('<Say language="en-US">One moment &lt;please&gt;.</Say><Dial>+6561234567</Dial>')
    const bye = form({ CallStatus: 'in-progress', HandoffData: JSON.stringify({ ...left, transfer: false }) })
    expect((await send(twilio(where, house, bye, '?step=after'))).text).toContain('</Say><Hangup/>')
  })

  test('a conversation that broke off leaves nobody alone: put through, and on the list of who is called back', async () => {
    const told = form({ CallStatus: 'in-progress', SessionStatus: 'failed' })
    const { text } = await send(twilio(where, house, told, '?step=after'))
    expect(text).toContain('<Dial>+6561234567</Dial>')
    const escalated = await callOf(`${told['CallSid']}:lost`)
    expect(escalated).toMatchObject({ escalation: { reason: 'technical', urgency: 'high' }, caller_phone: ana })
  })
})

test('R245 the tools are there to be pasted, for who may read them', async () => {
  for (const vendor of ['vapi', 'retell', 'elevenlabs', 'openai', 'twilio']) {
    const { data } = await house.call('GET', `/agents/vendors/${vendor}/tools`)
    expect([data.webhook_url, data.tools.length]).toEqual([
      `${where.origin}/webhooks/voice/${vendor}/${house.slug}`,
      12,
    ])
    expect(JSON.stringify(data.tools)).not.toMatch(/anyOf|secret-of-/)
  }
  expect((await house.call('GET', '/agents/vendors/acme/tools')).status).toBe(422)
})
