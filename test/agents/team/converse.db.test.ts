import { describe, expect, inject, test } from 'vitest'
import { modelError } from '@openai/agents/testing'
import { daysAhead, type House, withDatabase } from '../../factories.ts'
import { bookAs, openLine } from '../lines.ts'
import { openTalk, outputsOf, speak, told, use } from './talk.ts'

const where = inject('stack')
const ana = '+6598207272'
const soon = daysAhead(8)
const handed = { party_size: 2, date: soon, time: '19:00', name: 'Ana Garcia', phone: null, requests: null }
const wish = {
  date: soon,
  time: '19:00',
  party_size: 2,
  name: 'Ana Garcia',
  phone: null,
  email: null,
  area: null,
  requests: 'A high chair',
  commit_token: null,
}

async function statuses(house: House): Promise<string[]> {
  const statement = 'select status from reservations where restaurant_id = $1 order by id'
  return withDatabase(where, async (client) =>
    (await client.query<{ status: string }>(statement, [house.id])).rows.map((row) => row.status),
  )
}

/** What the instructions say to do once there is a yes. */
function waitingIn(instructions: string): { commit_token: string } {
  const [, input = ''] = /exactly this input: (\{.*?\}) If they say no/.exec(instructions) ?? []
  return JSON.parse(input)
}

describe('R264 a yes is to what was read back', () => {
  test('a booking over three turns: read back word by word, then done with the very same fields', async () => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    await talk.say('A table for two on that day at seven, Ana Garcia', [
      use('transfer_to_reservation', handed),
      use('hold_table', { date: soon, time: '19:00', party_size: 2, area: null }),
      speak('Anything else?'),
    ])
    expect(await statuses(house)).toEqual(['held'])
    // The model makes something of its own of it; the server says what was read back.
    const read = await talk.say('A high chair', [use('make_reservation', wish), speak('Sure thing, done!')])
    expect(read.say).toMatch(/^That is a table for 2 people .* with the request: A high chair\. Shall I book it\?$/)
    expect(read.waits_for_yes).toBe(true)
    expect(await statuses(house)).toEqual(['held'])
    const done = await talk.say('Yes please', [
      ({ instructions }) => use('make_reservation', waitingIn(instructions)),
      ({ outputs }) => speak(String(outputs.at(-1)?.['say'])),
    ])
    expect(done.say).toMatch(/^Your table for 2 people .* is booked/)
    expect(done.waits_for_yes).toBe(false)
    expect(await statuses(house)).toEqual(['confirmed'])
    const after = await talk.say('Thank you', [speak('Goodbye.')])
    expect(told(after, 0).instructions).not.toContain('You have read this back')
  })

  test('the model itself cannot say yes: in the same turn nothing is booked', async () => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    const heard = await talk.say('Book it, whatever you read back I say yes', [
      use('transfer_to_reservation', handed),
      use('make_reservation', wish),
      ({ outputs }) => use('make_reservation', { ...wish, commit_token: outputs.at(-1)?.['commit_token'] }),
      speak('It is booked.'),
    ])
    expect(heard.operations.map((one) => one.outcome)).toEqual(['ok', 'yes_needed'])
    expect(outputsOf(heard).at(-1)).toMatchObject({ ok: false, code: 'yes_needed', say: heard.say })
    expect(heard.say).toMatch(/Shall I book it\?$/)
    expect(await statuses(house)).toEqual(['held'])
  })

  test.each([
    ['No.', 'yes_needed'],
    ['No, thank you', 'yes_needed'],
    ['What are your opening hours?', 'yes_needed'],
    ['Please cancel that', 'yes_needed'],
    ['Yes', 'ok'],
    ['Sounds perfect', 'ok'],
    ['Yes, book it', 'ok'],
  ])('“%s” to what was read back: %s', async (utterance, outcome) => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    await talk.say('Book', [use('transfer_to_reservation', handed), use('make_reservation', wish), speak('?')])
    const heard = await talk.say(utterance, [
      ({ instructions }) => use('make_reservation', waitingIn(instructions)),
      speak('Well.'),
    ])
    expect(heard.operations).toEqual([{ operation: 'make_reservation', outcome }])
    expect(await statuses(house)).toEqual([outcome === 'ok' ? 'confirmed' : 'held'])
  })

  test('cancelling says yes to cancelling', async () => {
    const house = await openLine(where)
    await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon)
    const talk = await openTalk(where, house, { phone: ana })
    const own = {
      confirmation_code: null,
      name: 'Ana Garcia',
      phone: null,
      date: null,
      reason: null,
      commit_token: null,
    }
    await talk.say('Cancel my booking, Ana Garcia', [
      use('transfer_to_reservation', handed),
      use('cancel_reservation', own),
      speak('?'),
    ])
    expect(await statuses(house)).toEqual(['confirmed'])
    const heard = await talk.say('Yes, cancel it', [
      ({ instructions }) => use('cancel_reservation', waitingIn(instructions)),
      speak('Done.'),
    ])
    expect(heard.operations).toEqual([{ operation: 'cancel_reservation', outcome: 'ok' }])
    expect(await statuses(house)).toEqual(['cancelled'])
  })

  test('what was read back in a turn that failed was never heard, and waits for nothing', async () => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    await talk.say('Hello', [use('transfer_to_reservation', handed), speak('Yes?')])
    await expect(
      talk.say('Book it', [use('make_reservation', wish), modelError(new Error('broken line'))]),
    ).rejects.toMatchObject({ code: 'model_unavailable' })
    const heard = await talk.say('Yes', [speak('To what?')])
    expect(told(heard, 0).instructions).not.toContain('You have read this back')
    expect(await statuses(house)).toEqual(['held'])
  })
})

describe('R265 one answer at a time, once for its key', () => {
  test('the same key is answered alike and asks no model again; other words under it are refused', async () => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    const key = crypto.randomUUID()
    const first = await talk.say('Hello', [speak('Good evening.')], { key })
    const { model: _one, ...said } = first
    const { model: _two, ...again } = await talk.say('Hello', [], { key })
    expect(again).toEqual({ ...said, opened: null })
    await expect(talk.say('Goodbye', [], { key })).rejects.toMatchObject({ code: 'idempotency_key_reused' })
    const { turns } = (await house.call('GET', `/agents/calls/${first.call_id}`)).data
    expect(turns).toMatchObject([
      { speaker: 'caller', text: 'Hello' },
      { speaker: 'agent', text: 'Good evening.' },
    ])
  })

  test('while one answer is made another is refused as busy; after a minute it is not', async () => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    const { call_id } = await talk.say('Hello', [speak('Good evening.')])
    let refused: unknown
    const open = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const slow = talk.say('Slowly', [
      async () => {
        begun.resolve()
        await open.promise
        return speak('At last.')
      },
    ])
    await begun.promise
    await talk.say('Quickly', [], { call_id }).catch((error: unknown) => (refused = error))
    expect(refused).toMatchObject({ code: 'busy' })
    const late = await talk.say('Later', [speak('Here I am.')], { call_id, now: talk.ctx.now + 61_000 })
    expect(late.say).toBe('Here I am.')
    open.resolve()
    // Who took too long is answered, and writes nothing over the one who came after.
    expect((await slow).say).toBe('At last.')
    const { turns } = (await house.call('GET', `/agents/calls/${call_id}`)).data
    expect(turns.map((one: { text: string }) => one.text)).not.toContain('At last.')
  })

  test('a model that fails, goes on for ever or says nothing: nothing was said, and the words may be sent again', async () => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    await talk.say('Hello', [speak('Good evening.')])
    const key = crypto.randomUUID()
    const hours = { topic: 'hours', date: null }
    for (const steps of [
      [modelError(new Error('429 too many requests, key sk-secret'))],
      Array.from({ length: 12 }, () => use('restaurant_info', hours)),
      [speak(' ')],
    ])
      await expect(talk.say('Are you open?', steps, { key })).rejects.toMatchObject({ code: 'model_unavailable' })
    expect((await talk.say('Are you open?', [speak('Yes.')], { key })).say).toBe('Yes.')
  })

  test('a call that is over, or another house’s, is answered by nobody', async () => {
    const [house, other] = [await openLine(where), await openLine(where)]
    const talk = await openTalk(where, house, { phone: ana })
    const { call_id } = await talk.say('Hello', [speak('Good evening.')])
    const elsewhere = await openTalk(where, other, { phone: ana })
    await expect(elsewhere.say('Hello', [], { call_id })).rejects.toMatchObject({ code: 'not_found' })
    await house.call('POST', `/agents/calls/${call_id}/close`, {})
    await expect(talk.say('Hello?', [])).rejects.toMatchObject({ code: 'call_over' })
    const left = await withDatabase(
      where,
      async (client) =>
        (await client.query('select 1 from voice_teams where restaurant_id = $1', [house.id])).rows.length,
    )
    expect(left).toBe(0)
  })
})
