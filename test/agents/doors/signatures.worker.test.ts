import { randomUUID } from 'node:crypto'
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js'
import OpenAI from 'openai'
import { verify as verifyRetell, symmetric } from 'retell-sdk/lib/webhook_auth'
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { daysAhead, type House, overlaps, withDatabase } from '../../factories.ts'
import { openLine } from '../lines.ts'
import { bookedOn } from '../conformance.ts'
import { Wire } from './sockets.ts'
import {
  elevenLabs,
  elevenLabsReport,
  letAnswer,
  openAi,
  relayHandshake,
  retell,
  secretOf,
  send,
  type Signed,
  type Told,
  twilio,
  twilioTool,
  vapi,
} from './vendors.ts'

const where = inject('stack')
const vendors = ['vapi', 'retell', 'elevenlabs', 'openai', 'twilio']
const ana = '+6598207272'
const soon = daysAhead(9)
const wish = { date: soon, time: '19:00', party_size: 2 }
const long = 31 * 60_000

let house: House
let other: House
beforeAll(async () => {
  ;[house, other] = [await openLine(where), await openLine(where)]
  for (const one of [house, other]) for (const vendor of vendors) await letAnswer(one, vendor)
})

/** A request that would hold a table, or begin or end a call; `at` is when it was signed. */
const requests: Record<string, (at: number) => Signed | Promise<Signed>> = {
  vapi(at) {
    const call = { id: randomUUID(), customer: { number: ana } }
    const toolCallList = [{ id: randomUUID(), function: { name: 'hold_table', arguments: wish } }]
    return vapi(where, house, { type: 'tool-calls', call, toolCallList }, at)
  },
  async retell(at) {
    const told = { name: 'hold_table', args: wish, call: { call_id: randomUUID(), from_number: ana } }
    const request = await retell(where, house, told)
    const signature = await symmetric.sign(request.body, secretOf(house, 'retell'), at)
    return { ...request, headers: { ...request.headers, 'x-retell-signature': signature } }
  },
  'elevenlabs report': (at) =>
    elevenLabsReport(
      where,
      house,
      {
        type: 'post_call_transcription',
        data: { conversation_id: randomUUID(), transcript: [{ role: 'user', message: 'Hi' }] },
      },
      at,
    ),
  openai(at) {
    const data = { call_id: `rtc_${randomUUID()}`, sip_headers: [] }
    return openAi(where, house, { type: 'realtime.call.incoming', data }, at)
  },
}
const timeless: Record<string, () => Signed> = {
  'elevenlabs tool': () => elevenLabs(where, house, wish, '/hold_table', { 'x-conversation-id': randomUUID() }),
  twilio: () =>
    twilio(where, house, { CallSid: `CA${randomUUID()}`, CallStatus: 'ringing', From: ana, To: '+6562272727' }),
  'twilio tool': () =>
    twilioTool(where, house, 'hold_table', { call_sid: `CA${randomUUID()}`, from: ana, input: wish }),
}
const every = { ...requests, ...timeless }

async function rowsOf(one: House): Promise<unknown> {
  const tables = [
    'voice_calls',
    'voice_turns',
    'voice_tool_calls',
    'reservations',
    'claims',
    'events',
    'denied_requests',
  ]
  const counts = tables.map((table) => `(select count(*)::int from ${table} where restaurant_id = $1) as ${table}`)
  return withDatabase(where, async (client) => (await client.query(`select ${counts.join(', ')}`, [one.id])).rows[0])
}

/** Everything after this request is as it was before it. */
async function refusedWithoutEffect(request: Signed, status = 401): Promise<void> {
  const before = [await rowsOf(house), await rowsOf(other)]
  const sent = await send(request)
  expect([sent.status, sent.json()['code']]).toEqual([
    status,
    status === 401 ? 'invalid_signature' : expect.any(String),
  ])
  expect([await rowsOf(house), await rowsOf(other)]).toEqual(before)
}

const without = (request: Signed, pattern: RegExp): Signed => ({
  ...request,
  headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => !pattern.test(name))),
})
const shown = /signature|secret/
const at = (request: Signed, slug: string): Signed => ({ ...request, url: request.url.replace(house.slug, slug) })

describe.each(Object.keys(every))('R240 what comes to the door of %s', (vendor) => {
  const made = async (when = Date.now()): Promise<Signed> => {
    const request = await every[vendor]?.(when)
    if (!request) throw new Error(vendor)
    return request
  }

  test('is taken as it was signed', async () => {
    expect((await send(await made())).status).toBe(200)
  })

  test('is refused without effect where anything of it was changed, or nothing shows who sent it', async () => {
    const request = await made()
    if (vendor !== 'elevenlabs tool') {
      await refusedWithoutEffect({
        ...request,
        body: request.body.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10)) + ' ',
      })
    }
    await refusedWithoutEffect(without(request, shown))
    const spoilt = Object.entries(request.headers).map(([name, value]) => [
      name,
      shown.test(name) ? `${value.slice(0, -3)}AA=` : value,
    ])
    await refusedWithoutEffect({ ...request, headers: Object.fromEntries(spoilt) })
    await refusedWithoutEffect({
      ...request,
      headers: {
        ...request.headers,
        ...Object.fromEntries(
          Object.keys(request.headers)
            .filter((name) => shown.test(name))
            .map((name) => [name, 'v1,%%% \u00ff']),
        ),
      },
    })
  })

  test('is refused at another house, and at none, in the same words', async () => {
    const request = await made()
    await refusedWithoutEffect(at(request, other.slug))
    await refusedWithoutEffect(at(request, 'no-such-house'))
    const [one, none] = [await send(at(request, other.slug)), await send(at(request, 'no-such-house'))]
    expect({ ...one.json(), request_id: '' }).toEqual({ ...none.json(), request_id: '' })
  })

  test('is refused once the house has taken the secret back', async () => {
    const closed = await openLine(where)
    await refusedWithoutEffect(at(await made(), closed.slug))
  })
})

describe.each(Object.keys(requests))('R240 a message of %s', (vendor) => {
  test('is refused when it is old, or from a time to come, however well it is signed', async () => {
    for (const ago of [long, -long]) {
      const request = await requests[vendor]?.(Date.now() - ago)
      if (request) await refusedWithoutEffect(request)
    }
  })
})

test('R240 the vendors’ own packages take what these tests send', async () => {
  const retold = await retell(where, house, { event: 'x', call: {} })
  expect(await verifyRetell(retold.body, secretOf(house, 'retell'), retold.headers['x-retell-signature'] ?? '')).toBe(
    true,
  )
  const report = elevenLabsReport(where, house, { type: 'post_call_transcription', data: {} })
  const { webhooks } = new ElevenLabsClient({ apiKey: 'none' })
  const signature = report.headers['elevenlabs-signature'] ?? ''
  expect(await webhooks.constructEvent(report.body, signature, secretOf(house, 'elevenlabs'))).toMatchObject({
    data: {},
  })
  const incoming = openAi(where, house, { type: 'realtime.call.incoming', data: { call_id: 'rtc_1', sip_headers: [] } })
  const client = new OpenAI({ apiKey: 'none', webhookSecret: secretOf(house, 'openai') })
  expect(await client.webhooks.unwrap(incoming.body, incoming.headers)).toMatchObject({
    type: 'realtime.call.incoming',
  })
  const form = { CallSid: 'CA1', From: ana, Digits: "1'2" }
  const voice = twilio(where, house, form, '?step=after')
  expect(validateRequest(secretOf(house, 'twilio'), voice.headers['x-twilio-signature'] ?? '', voice.url, form)).toBe(
    true,
  )
})

test('R240 a bearer, and the header of old, are Vapi’s secret too; another house’s are not', async () => {
  const request = requests['vapi']?.(Date.now())
  if (!request) throw new Error('vapi')
  const bare = without(await request, /^x-/)
  for (const [name, value] of [
    ['authorization', `Bearer ${secretOf(house, 'vapi')}`],
    ['x-vapi-secret', secretOf(house, 'vapi')],
  ] as const)
    expect((await send({ ...bare, headers: { ...bare.headers, [name]: value } })).status).toBe(200)
  await refusedWithoutEffect({
    ...bare,
    headers: { ...bare.headers, authorization: `Bearer ${secretOf(other, 'vapi')}` },
  })
})

test('R249 the handshake of a conversation is signed for this house, or refused', async () => {
  const { url, headers } = relayHandshake(where, house)
  const wire = await new Wire(url, headers).open()
  wire.hangUp()
  await expect(new Wire(url).open()).rejects.toThrow('refused 401')
  await expect(new Wire(url, relayHandshake(where, other).headers).open()).rejects.toThrow('refused 401')
  await expect(new Wire(`${url}?x=1`, headers).open()).rejects.toThrow('refused 401')
})

function answerIn(text: string): Told {
  const answer = JSON.parse(text)
  return answer.results ? JSON.parse(answer.results[0].result ?? answer.results[0].error) : answer
}

describe('R241 a repeat', () => {
  const names: [string, (call: string, input: unknown, id: string) => Signed | Promise<Signed>][] = [
    [
      'vapi',
      (id, args, tool) =>
        vapi(where, house, {
          type: 'tool-calls',
          call: { id, customer: { number: ana } },
          toolCallList: [{ id: tool, function: { name: 'make_reservation', arguments: args } }],
        }),
    ],
    [
      'retell',
      (call_id, args, tool_call_id) =>
        retell(where, house, { name: 'make_reservation', args, tool_call_id, call: { call_id, from_number: ana } }),
    ],
    [
      'twilio tool',
      (call_sid, input, tool_call_id) =>
        twilioTool(where, house, 'make_reservation', { call_sid, from: ana, input, tool_call_id }),
    ],
    [
      'elevenlabs tool',
      (call, input) =>
        elevenLabs(where, house, input, '/make_reservation', { 'x-conversation-id': call, 'x-caller-id': ana }),
    ],
  ]
  test.each(names)('of a tool call of %s, twenty at once, books once, and all hear the same', async (vendor, made) => {
    const date = daysAhead(20 + names.findIndex(([name]) => name === vendor))
    const call = randomUUID()
    const fields = { date, time: '19:00', party_size: 2, name: 'Ana Garcia' }
    const first = await made(call, fields, 'tool-1')
    const prepared = await Promise.all(Array.from({ length: 20 }, () => send(first)))
    const tokens = new Set(prepared.map((one) => answerIn(one.text)['commit_token']))
    expect(await bookedOn(where, house, date)).toEqual([{ status: 'held', party_size: 2, name: null }])
    if (vendor !== 'elevenlabs tool') expect(tokens.size).toBe(1)
    const commit_token =
      vendor === 'elevenlabs tool' ? answerIn((await send(first)).text)['commit_token'] : [...tokens][0]
    const second = await made(call, { ...fields, commit_token }, 'tool-2')
    const booked = await Promise.all(Array.from({ length: 20 }, () => send(second)))
    const codes = new Set(booked.map((one) => answerIn(one.text)['reservation'].confirmation_code))
    expect(codes.size).toBe(1)
    expect(await bookedOn(where, house, date)).toEqual([{ status: 'confirmed', party_size: 2, name: 'Ana Garcia' }])
    expect(await overlaps(where, house.id)).toBe(0)
    expect(answerIn((await send(second)).text)).toMatchObject({ status: 'booked' })
    expect(await bookedOn(where, house, date)).toHaveLength(1)
  })

  test('of a call that is over begins nothing anew', async () => {
    const CallSid = `CA${randomUUID()}`
    const ringing = twilio(where, house, { CallSid, CallStatus: 'ringing', From: ana })
    expect((await send(ringing)).text).toContain('<ConversationRelay ')
    await send(twilio(where, house, { CallSid, CallStatus: 'completed', From: ana }))
    const before = await rowsOf(house)
    expect((await send(ringing)).text).toContain('<Response><Hangup/></Response>')
    expect(await rowsOf(house)).toEqual(before)
  })
})
