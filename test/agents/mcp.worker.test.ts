import { ProtocolError } from '@modelcontextprotocol/client'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { platformKey } from '../../local/keys.ts'
import { operationNames } from '../../src/agents/operation.ts'
import { daysAhead, type House, withDatabase } from '../factories.ts'
import { bookedOn, conformanceHouse } from './conformance.ts'
import { openLine, ring } from './lines.ts'
import { connected, post, revisions, useTool } from './mcp-client.ts'

const where = inject('stack')
let house: House
beforeAll(async () => {
  house = await conformanceHouse(where)
})

const keyOf = async (scopes: string[], at: House = house): Promise<string> =>
  (await at.call('POST', '/keys', { name: scopes.join(), scopes })).data.api_key

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
const authorization = (): Record<string, string> => bearer(house.key)
const call = (name: string, args: unknown): Record<string, unknown> => {
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }
}
const wish = (days: number, phone: string): Record<string, unknown> => {
  return { date: daysAhead(days), time: '19:00', party_size: 2, name: 'Ana Garcia', phone }
}

describe.each(revisions)('the official client of %s', (revision) => {
  test('R256 lists every operation as a tool that says what it does', async () => {
    const client = await connected(where.origin, house.key, revision)
    const { tools } = await client.listTools()
    expect(tools.map((one) => one.name)).toEqual([...operationNames])
    for (const tool of tools) {
      expect([tool.title, tool.description, tool.inputSchema, tool.outputSchema]).toEqual([
        expect.stringMatching(/\S/),
        expect.stringMatching(/\S/),
        expect.objectContaining({ type: 'object', additionalProperties: false }),
        expect.objectContaining({ type: 'object' }),
      ])
    }
    const hints = new Map(tools.map((one) => [one.name, one.annotations]))
    expect(hints.get('check_availability')).toMatchObject({ readOnlyHint: true, openWorldHint: false })
    expect(hints.get('make_reservation')).toMatchObject({
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: true,
    })
    expect(hints.get('cancel_reservation')).toMatchObject({ readOnlyHint: false, destructiveHint: true })
    await client.close()
  })

  test('books in two steps, and the same yes again is the same booking', async () => {
    const days = revision === '2026-07-28' ? 30 : 31
    const client = await connected(where.origin, house.key, revision)
    await client.listTools()
    const free = await useTool(client, 'check_availability', { date: daysAhead(days), time: '19:00', party_size: 2 })
    expect(free.output).toMatchObject({ available: true })
    const prepared = await useTool(client, 'make_reservation', wish(days, '81110001'))
    expect(prepared.say).toBe(prepared.output['read_back'])
    const fields = { ...wish(days, '81110001'), commit_token: prepared.output['commit_token'] }
    const [first, second] = [
      await useTool(client, 'make_reservation', fields),
      await useTool(client, 'make_reservation', fields),
    ]
    expect(first.output).toMatchObject({ status: 'booked', reservation: { name: 'Ana Garcia', party_size: 2 } })
    expect(second.output).toEqual(first.output)
    expect(await bookedOn(where, house, daysAhead(days))).toEqual([
      { status: 'confirmed', party_size: 2, name: 'Ana Garcia' },
    ])
    await client.close()
  })

  test('a refusal is an answer: its sentence first, then its code and what there is instead', async () => {
    const client = await connected(where.origin, house.key, revision)
    await client.listTools()
    const asked = { date: daysAhead(32), time: '04:00', party_size: 2 }
    const result = await client.callTool({ name: 'hold_table', arguments: asked })
    expect(result.isError).toBe(true)
    expect(result.structuredContent).toMatchObject({ problem: { code: 'closed', status: 422 } })
    expect(result.content[0]).toEqual({ type: 'text', text: expect.stringMatching(/^We are closed at that time\./) })
    const wrong = await useTool(client, 'check_availability', { date: 'Friday', party_size: '2', colour: 'red' })
    expect(wrong.end).toBe('validation_failed')
    expect(wrong.output['problem']).toMatchObject({
      errors: expect.arrayContaining([expect.objectContaining({ path: 'date' })]),
    })
    await client.close()
  })

  test('a tool, a resource and a prompt that are not there are errors of the protocol', async () => {
    const client = await connected(where.origin, house.key, revision)
    await expect(client.callTool({ name: 'order_pizza', arguments: {} })).rejects.toMatchObject({
      code: -32602,
      data: { code: 'not_found' },
    })
    await expect(client.readResource({ uri: 'tableside://wine' })).rejects.toBeInstanceOf(ProtocolError)
    await expect(client.readResource({ uri: 'tableside://menu/tlh' })).rejects.toBeInstanceOf(ProtocolError)
    await expect(client.getPrompt({ name: 'sing_a_song' })).rejects.toBeInstanceOf(ProtocolError)
    await expect(
      client.getPrompt({ name: 'handle_allergy_question', arguments: { allergen: 'water' } }),
    ).rejects.toBeInstanceOf(ProtocolError)
    await client.close()
  })
})

describe('R257 resources', () => {
  test('hours, policies, today, and the menu in each language of the house', async () => {
    const tables = [{ number: '1', seats: 2 }]
    const abroad = await openLine(where, { languages: ['en', 'it'], tables, name: 'Da Noi' })
    await abroad.call('PUT', '/menu', {
      categories: [
        {
          name: 'Mains',
          names: { it: 'Secondi' },
          items: [
            {
              name: 'Sea bass',
              names: { it: 'Branzino' },
              price_minor: 2850,
              allergens: ['fish'],
              modifiers: [{ name: 'Sauce', options: [{ name: 'Pesto', price_minor: 200, allergens: ['nuts'] }] }],
            },
            { name: 'Risotto', price_minor: 1900, sold_out: true },
          ],
        },
      ],
    })
    const client = await connected(where.origin, abroad.key)
    const { resources } = await client.listResources()
    expect(resources.map((one) => one.uri).toSorted()).toEqual(
      ['hours', 'menu', 'menu/en', 'menu/it', 'policies', 'today'].map((one) => `tableside://${one}`),
    )
    const { resourceTemplates } = await client.listResourceTemplates()
    expect(resourceTemplates.map((one) => one.uriTemplate)).toEqual(['tableside://menu/{language}'])
    const read = async (name: string) => {
      const [content] = (await client.readResource({ uri: `tableside://${name}` })).contents
      return JSON.parse(content && 'text' in content ? content.text : '')
    }
    expect((await read('hours')).hours).toHaveLength(7)
    expect((await read('policies')).policies.largest_party).toBe(2)
    expect(await read('today')).toMatchObject({ restaurant: { name: 'Da Noi' }, sold_out: ['Risotto'] })
    const [category] = (await read('menu/it')).categories
    expect(category).toMatchObject({
      name: 'Secondi',
      items: [
        {
          name: 'Branzino',
          // A sauce that is chosen is eaten: what it holds, the dish may hold.
          allergens: ['fish', 'nuts'],
          choices: [{ name: 'Sauce', of: [{ name: 'Pesto', allergens: ['nuts'] }] }],
        },
        { name: 'Risotto', sold_out: true },
      ],
    })
    expect((await read('menu')).caution).toMatch(/\S/)
    const ref = { type: 'ref/resource', uri: 'tableside://menu/{language}' } as const
    expect((await client.complete({ ref, argument: { name: 'language', value: 'i' } })).completion.values).toEqual([
      'it',
    ])
    await client.close()
  })
})

describe('R258 prompts', () => {
  test('carry the house as it is now, what is known, and the two steps', async () => {
    const client = await connected(where.origin, house.key, '2026-07-28', { 'x-tableside-now': '2026-12-01T10:00:00Z' })
    const { prompts } = await client.listPrompts()
    expect(
      prompts.map((one) => [one.name, one.arguments?.map((arg) => `${arg.name}${arg.required ? '' : '?'}`)]),
    ).toEqual([
      ['book_a_table', ['date?', 'time?', 'party_size?', 'name?', 'requests?', 'language?']],
      ['answer_the_phone', ['language?']],
      ['handle_allergy_question', ['allergen', 'dish?', 'language?']],
    ])
    const textOf = async (name: string, args: Record<string, string>): Promise<string> => {
      const [message] = (await client.getPrompt({ name, arguments: args })).messages
      return message?.content.type === 'text' ? message.content.text : ''
    }
    const booking = await textOf('book_a_table', { party_size: '4', time: '', language: 'fr' })
    expect(booking).toContain('Tuesday 2026-12-01, 18:00 (Asia/Singapore)')
    expect(booking).toContain('Speak French')
    expect(booking).toContain('not to be asked again: party_size: 4.')
    expect(booking).toContain('To be asked: date, time, name.')
    expect(booking).toContain('commit_token')
    expect(await textOf('answer_the_phone', { language: 'es' })).toContain('asistente')
    const allergy = await textOf('handle_allergy_question', { allergen: 'nuts', dish: 'Laksa' })
    expect(allergy).toContain('{"query":"Laksa","allergen":"nuts"}')
    const ref = { type: 'ref/prompt', name: 'handle_allergy_question' } as const
    expect((await client.complete({ ref, argument: { name: 'allergen', value: 'm' } })).completion.values).toEqual([
      'milk',
      'molluscs',
      'mustard',
    ])
    await client.close()
  })
})

describe('R255 who may speak', () => {
  const ping = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }

  test('nobody without a good key, and the answer says where to read what is needed', async () => {
    const strangers: Record<string, string>[] = [
      {},
      bearer('tsk_no_such_key'),
      { cookie: `__Host-ts_access=${house.key}` },
    ]
    for (const headers of strangers) {
      const refused = await post(where.origin, ping, headers)
      expect(refused.status).toBe(401)
      expect(JSON.parse(refused.text).code).toBe('unauthorized')
      const metadata = /^Bearer resource_metadata="([^"]+)"$/.exec(refused.headers.get('www-authenticate') ?? '')?.[1]
      const told = await (await fetch(metadata ?? '')).json()
      expect(told).toMatchObject({ resource: `${where.origin}/mcp`, bearer_methods_supported: ['header'] })
    }
    await expect(connected(where.origin, null)).rejects.toThrow(/401|unauthorized/i)
  })

  test('not a key without the scope, an operator, or a page of another’s', async () => {
    const narrow = await post(where.origin, ping, bearer(await keyOf(['reservations:read'])))
    expect([narrow.status, narrow.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('insufficient_scope'),
    ])
    expect((await post(where.origin, ping, bearer(platformKey))).status).toBe(403)
    const page = await post(where.origin, ping, { ...bearer(house.key), origin: 'https://elsewhere.example' })
    expect([page.status, JSON.parse(page.text).code]).toEqual([403, 'bad_origin'])
    expect((await post(where.origin, ping, { ...bearer(house.key), origin: where.origin })).status).toBe(200)
  })

  test('a key that only reads sees and does only what reads', async () => {
    const client = await connected(where.origin, await keyOf(['agents:read']))
    const { tools } = await client.listTools()
    expect(tools.every((one) => one.annotations?.readOnlyHint)).toBe(true)
    expect(tools.length).toBeGreaterThan(3)
    expect((await useTool(client, 'make_reservation', wish(33, '81110002'))).end).toBe('forbidden')
    expect(await bookedOn(where, house, daysAhead(33))).toEqual([])
    await client.close()
  })

  test('R31 another house’s call and booking are not there', async () => {
    const other = await openLine(where)
    const line = await ring(where, house, '+6598207272')
    const named = { authorization: `Bearer ${other.key}`, 'x-tableside-call': line.id }
    expect((await post(where.origin, ping, named)).status).toBe(404)
    const client = await connected(where.origin, other.key)
    const { data } = await house.call('GET', `/reservations?date=${daysAhead(24)}`)
    const code = data[0].confirmation_code
    const find = { confirmation_code: code, name: 'Ana Garcia' }
    expect((await useTool(client, 'find_reservation', find)).end).toBe('not_found')
    expect((await useTool(client, 'cancel_reservation', find)).end).toBe('not_found')
    await client.close()
    const own = await connected(where.origin, house.key)
    expect((await useTool(own, 'find_reservation', find)).end).toBe('ok')
    await own.close()
  })

  test('a call’s token speaks in its own call alone, and not after it', async () => {
    const [line, another] = [await ring(where, house, '+6591110003'), await ring(where, house, '+6591110004')]
    const headers = { authorization: `Bearer ${line.token}`, 'x-tableside-call': another.id }
    expect((await post(where.origin, ping, headers)).status).toBe(404)
    const client = await connected(where.origin, line.token)
    expect((await useTool(client, 'hold_table', { date: daysAhead(34), time: '19:00', party_size: 2 })).end).toBe('ok')
    await line.hangUp()
    expect(await bookedOn(where, house, daysAhead(34))).toEqual([{ status: 'cancelled', party_size: 2, name: null }])
    expect((await useTool(client, 'make_reservation', wish(34, '91110003'))).end).toBe('call_over')
    await client.close()
  })

  test('as often as the key allows, and then 429', async () => {
    const slow = await openLine(where)
    await withDatabase(where, (client) =>
      client.query('update api_keys set rate_per_minute = 3 where restaurant_id = $1', [slow.id]),
    )
    const answers = []
    for (let n = 0; n < 5; n++) answers.push(await post(where.origin, ping, { authorization: `Bearer ${slow.key}` }))
    expect(answers.filter((one) => one.status === 429).length).toBeGreaterThan(0)
    expect(answers.at(0)?.headers.get('ratelimit-limit')).toBe('3')
    expect(answers.at(-1)?.headers.get('retry-after')).toMatch(/^\d+$/)
  })
})

describe('R259 the wire', () => {
  test('one Idempotency-Key is one hold, however often it is sent', async () => {
    const headers = { ...authorization(), 'idempotency-key': crypto.randomUUID() }
    const hold = call('hold_table', { date: daysAhead(35), time: '19:00', party_size: 2 })
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(where.origin, hold, headers)))
    expect(new Set(answers.map((one) => /"hold_id\W+([0-9a-f-]{36})/.exec(one.text)?.[1])).size).toBe(1)
    expect(await bookedOn(where, house, daysAhead(35))).toHaveLength(1)
    const other = call('hold_table', { date: daysAhead(35), time: '20:00', party_size: 2 })
    expect((await post(where.origin, other, headers)).text).toContain('idempotency_key_reused')
    const odd = await post(where.origin, hold, { ...authorization(), 'idempotency-key': 'a b' })
    expect(odd.text).toContain('invalid_idempotency_key')
  })

  test('what is no JSON, too large, another type, or asks for what is not there', async () => {
    expect((await post(where.origin, '{', authorization())).status).toBe(400)
    expect((await post(where.origin, JSON.stringify({ pad: 'x'.repeat(300_000) }), authorization())).status).toBe(413)
    expect((await post(where.origin, '{}', { ...authorization(), 'content-type': 'text/plain' })).status).toBe(415)
    const unknown = { jsonrpc: '2.0', id: 1, method: 'sampling/createMessage', params: {} }
    expect((await post(where.origin, unknown, authorization())).text).toContain('-32601')
    for (const method of ['GET', 'DELETE'])
      expect((await fetch(`${where.origin}/mcp`, { method, headers: authorization() })).status).toBe(405)
  })

  test('the discovery documents and llms.txt are for everybody, and whole', async () => {
    const card = await (await fetch(`${where.origin}/.well-known/mcp.json`)).json()
    expect(card).toMatchObject({ remotes: [{ type: 'streamable-http', url: `${where.origin}/mcp` }] })
    expect(await (await fetch(`${where.origin}/.well-known/mcp/server-card.json`)).json()).toEqual(card)
    const page = await fetch(`${where.origin}/llms.txt`)
    expect(page.headers.get('content-type')).toMatch(/^text\/plain/)
    const text = await page.text()
    expect(text).toMatch(/^# Tableside\n\n> /)
    for (const name of operationNames) expect(text).toContain(`\`${name}\``)
    expect(text).toContain('`POST /api/reservations`')
    const links = [...text.matchAll(/\]\((http[^)]+)\)/g)].map(([, link = '']) => link)
    expect(links.length).toBeGreaterThan(2)
    for (const link of links)
      expect([link, (await fetch(link)).status]).toEqual([link, link.endsWith('/mcp') ? 401 : 200])
    expect(await (await fetch(`${where.origin}/docs`)).text()).toContain('href="/llms.txt"')
  })
})
