import { beforeAll, describe, expect, inject, test } from 'vitest'
import { openSecret } from '../../src/access/seal.ts'
import { caller, daysAhead, type House, openHouse, withDatabase } from '../factories.ts'
import { openLine, ring } from './lines.ts'

const where = inject('stack')
const ana = '+6598207272'
const soon = daysAhead(7)

describe('R229 operations', () => {
  test('are listed with their schemas, for who may ask', async () => {
    const house = await openLine(where)
    const { data } = await house.call('GET', '/agents/operations')
    expect(data.map((one: { name: string }) => one.name)).toContain('join_waitlist')
    expect(data[0]).toMatchObject({ name: 'check_availability', reads: true, input_schema: { type: 'object' } })
    const scopes = ['orders:*']
    const none = caller(where.origin, (await house.call('POST', '/keys', { name: 'None', scopes })).data.api_key)
    expect((await none('GET', '/agents/operations')).code).toBe('forbidden')
  })

  test('what is free is said with its times, and why not with what is', async () => {
    const house = await openLine(where, { tables: [{ number: '1', seats: 2 }] })
    const line = await ring(where, house, ana)
    const whole = await line.ask('check_availability', { date: soon, party_size: 2 })
    expect(whole.data.output.times).toHaveLength(22)
    expect(whole.data.say).toMatch(/^For 2 people on .* we have 11 AM, .*, and 9:30 PM\.$/)
    const three = await line.ask('check_availability', { date: soon, party_size: 3, time: '19:00' })
    expect(three.data).toMatchObject({ output: { available: false, reason: 'no_table_fits', times: [] } })
    expect(three.data.say).toContain('no table for a party of that size')
    await line.ask('hold_table', { date: soon, time: '19:00', party_size: 2 })
    const asked = { date: soon, party_size: 2, time: '19:30' }
    const taken = await house.call('POST', '/agents/operations/check_availability', asked)
    expect(taken.data.output).toMatchObject({ available: false, reason: 'sold_out' })
    expect(taken.data.output.times.slice(0, 2)).toEqual(['20:30', '21:00'])
    expect(taken.data.say).toMatch(/fully booked at that time\. I could offer 8:30 PM, 9 PM, or \d/)
    const why = await house.call('POST', '/agents/operations/explain_unavailable', asked)
    expect(why.data.output).toMatchObject({ bookable: false, rules: ['sold_out'] })
    expect(why.data.say).toMatch(/fully booked.*I could offer/)
  })

  test('in the language of the call', async () => {
    const house = await openLine(where, { languages: ['es', 'en'] })
    const line = await ring(where, house, ana)
    expect(line.consent).toContain('asistente')
    const wish = { date: soon, time: '19:00', party_size: 2, name: 'Ana' }
    expect((await line.ask('make_reservation', wish)).data.say).toMatch(
      /^Sería una mesa para 2 personas el .* a nombre de Ana/,
    )
    expect((await line.ask('hold_table', { ...wish, name: undefined, time: '05:00' })).body.hint).toMatch(
      /^A esa hora estamos cerrados\./,
    )
    const french = await ring(where, house, ana, { locale: 'fr' })
    expect((await french.ask('find_reservation', {})).body.hint).toBe('À quel nom est la réservation ?')
    expect((await french.ask('restaurant_info', { topic: 'hours', date: soon })).data.say).toMatch(
      /^Nous sommes ouverts le .* de 11:00 à 23:00\.$/,
    )
  })

  test('the house tells its hours, place and rules, and says where it does not know', async () => {
    const house = await openLine(where)
    await house.call('PATCH', '/restaurant', { special_days: [{ date: soon, hours: [], reason: 'Holiday' }] })
    const line = await ring(where, house, ana)
    const say = async (input: Record<string, unknown>): Promise<string> =>
      (await line.ask('restaurant_info', input)).data.say
    await expect.poll(() => say({ topic: 'hours', date: soon }), { timeout: 10_000 }).toMatch(/^We are closed on /)
    expect(await say({ topic: 'location' })).toBe('You find us at 1 Prinsep Street.')
    expect(await say({ topic: 'contact' })).toContain('+6562272727')
    expect(await say({ topic: 'policies' })).toMatch(
      /largest party I can book is 6 people\. We keep a table for 15 minutes/,
    )
    const bare = await openHouse(where)
    const nothing = await bare.call('POST', '/agents/operations/restaurant_info', { topic: 'location' })
    expect(nothing.data.say).toContain('Shall I ask a colleague?')
  })

  test('join_waitlist puts the caller in the queue, once; what is asked for is not a booking', async () => {
    const house = await openLine(where)
    const line = await ring(where, house, ana)
    const wish = { party_size: 2, name: 'Ana Garcia', date: soon, from: '7pm', to: '21:00' }
    const joined = await line.ask('join_waitlist', wish, { 'idempotency-key': 'wait-1' })
    expect(joined.data.output).toMatchObject({ date: soon, from: '19:00', to: '21:00', party_size: 2 })
    expect(joined.data.say).toContain('on the list for 2 people')
    const again = await line.ask('join_waitlist', wish, { 'idempotency-key': 'wait-1' })
    expect(again.data.output.waitlist_id).toBe(joined.data.output.waitlist_id)
    expect((await line.ask('join_waitlist', { party_size: 40, name: 'Ana' })).status).toBe(422)
    expect((await line.ask('join_waitlist', { party_size: 2, name: 'Ana', date: soon })).code).toBe('validation_failed')
    expect((await house.call('GET', `/agents/calls/${line.id}`)).data).toMatchObject({ outcome: 'waitlisted' })
    const [entry] = (await house.call('GET', `/waitlist?date=${soon}`)).data
    expect(entry).toMatchObject({ name: 'Ana Garcia', phone_number: ana, source: 'voice' })
  })
})

describe('R233 the menu', () => {
  let house: House
  beforeAll(async () => {
    house = await openLine(where, { languages: ['en', 'fr'] })
    await house.call('PUT', '/menu', {
      categories: [
        {
          name: 'Mains',
          names: { fr: 'Plats' },
          items: [
            {
              name: 'Laksa',
              price_minor: 1450,
              allergens: ['crustaceans'],
              modifiers: [{ name: 'Extra', options: [{ name: 'Peanut sauce', allergens: ['peanuts'] }] }],
            },
            { name: 'Green curry', names: { fr: 'Curry vert' }, price_minor: 1300, diets: ['vegan'] },
            { name: 'Satay', price_minor: 900, allergens: ['peanuts'], sold_out: true },
          ],
        },
      ],
    })
  })
  const ask = async (input: Record<string, unknown>): Promise<{ output: Record<string, unknown>; say: string }> =>
    (await house.call('POST', '/agents/operations/menu_info', input)).data

  test('says what is declared, whatever may be chosen with it, and never that a dish is free of something', async () => {
    const peanuts = await ask({ allergen: 'peanuts' })
    expect(peanuts.say).toMatch(/^Declared with peanuts: Laksa and Satay\. Not declared with peanuts: Green curry\. /)
    for (const input of [
      { allergen: 'peanuts' },
      { query: 'laksa' },
      { query: 'green curry' },
      { query: 'pho', allergen: 'milk' },
    ]) {
      const { say } = await ask(input)
      expect(say).toContain('I can only tell what the menu declares')
      expect(say).not.toMatch(/free of|safe|does not contain/i)
    }
    expect((await ask({ query: 'green curry' })).say).toContain('no allergens are declared')
  })

  test('what has run out at this moment has', async () => {
    expect((await ask({ query: 'satay' })).say).toMatch(/^Satay has run out today\./)
    const [laksa] = (await house.call('GET', '/menu')).data.categories[0].items
    await house.call('PATCH', `/menu/items/${laksa.id}`, { sold_out: true })
    expect((await ask({ query: 'laksa' })).output['items']).toMatchObject([{ sold_out: true }])
  })

  test('in the language of the call, with what there is where nothing fits', async () => {
    const line = await ring(where, house, ana, { locale: 'fr' })
    const curry = await line.ask('menu_info', { query: 'curry vert' })
    expect(curry.data.output.items).toMatchObject([
      { name: 'Curry vert', category: 'Plats', price: expect.any(String) },
    ])
    expect(curry.data.say).toContain('Curry vert coûte')
    expect((await line.ask('menu_info', {})).data.say).toContain('Plats')
    expect((await ask({ query: 'pizza' })).say).toMatch(
      /^I do not find that on our menu\. On our menu you find Mains\./,
    )
    expect((await ask({ diet: 'vegan' })).output['items']).toMatchObject([{ name: 'Green curry' }])
  })
})

describe('R230 voice platforms', () => {
  const body = {
    secret: 'vapi-secret-one',
    api_key: 'key-to-call-back',
    agent_id: 'agent_7',
    phone_numbers: ['6562 0000'],
  }

  test('their secrets are sealed per house and platform, and in no answer, event or log', async () => {
    const house = await openLine(where)
    const key = { 'idempotency-key': 'voice-1' }
    const put = await house.call('PUT', '/integrations/voice/vapi', body, key)
    expect(put.data).toMatchObject({
      name: 'voice:vapi',
      kind: 'vapi',
      agent_id: 'agent_7',
      phone_numbers: ['+6565620000'],
      has_secret: true,
      version: 1,
    })
    expect((await house.call('PUT', '/integrations/voice/vapi', body, key)).data).toEqual(put.data)
    await house.call('PUT', '/integrations/voice/retell', { secret: 'retell-secret' })
    const listed = await house.call('GET', '/integrations')
    expect(listed.data.map((one: { name: string }) => one.name)).toEqual(['voice:retell', 'voice:vapi'])
    const found = await withDatabase(where, async (client) => ({
      sealed: await client.query<{ secret_sealed: string }>(
        `select secret_sealed from integrations where restaurant_id = $1 and name = 'voice:vapi'`,
        [house.id],
      ),
      events: await client.query(`select to_jsonb(e) from events e where restaurant_id = $1`, [house.id]),
    }))
    const said = JSON.stringify([put.body, listed.body, found])
    expect(said).not.toMatch(/vapi-secret-one|key-to-call-back|retell-secret/)
    const sealing_key = Buffer.from('tableside-local-sealing-key-0123').toString('base64')
    const sealed = found.sealed.rows[0]?.secret_sealed ?? ''
    const opened = await openSecret(sealing_key, `${house.id}:voice:vapi`, sealed)
    expect(JSON.parse(opened ?? '{}')).toEqual({ secret: 'vapi-secret-one', api_key: 'key-to-call-back' })
    expect(await openSecret(sealing_key, `${house.id}:voice:retell`, sealed)).toBeNull()
  })

  test('a stale version 409, wrong tenant 404, no scope 403, bad input 422', async () => {
    const [house, other] = [await openLine(where), await openLine(where)]
    const put = await house.call('PUT', '/integrations/voice/twilio', body)
    const stale = await house.call('PUT', '/integrations/voice/twilio', { ...body, version: 9 })
    expect([stale.status, stale.code, stale.body.current]).toEqual([409, 'stale_version', put.data])
    const theirs = `/restaurants/${house.id}/integrations/voice/twilio`
    expect((await other.call('PUT', theirs, body)).code).toBe('not_found')
    const scopes = ['agents:*']
    const agent = caller(where.origin, (await house.call('POST', '/keys', { name: 'Agent', scopes })).data.api_key)
    expect((await agent('PUT', '/integrations/voice/twilio', body)).code).toBe('forbidden')
    for (const wrong of [{}, { secret: 'short' }, { ...body, colour: 'red' }])
      expect((await house.call('PUT', '/integrations/voice/twilio', wrong)).code).toBe('validation_failed')
    expect((await house.call('PUT', '/integrations/voice/skype', body)).code).toBe('validation_failed')
    expect((await house.call('PUT', '/integrations/voice/vapi', { ...body, phone_numbers: ['x'] })).code).toBe(
      'invalid_phone',
    )
  })
})
