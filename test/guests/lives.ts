import { expect } from 'vitest'
import { daysAhead, type House, type Where, withDatabase } from '../factories.ts'
import { fire, sit } from '../ordering/evenings.ts'
import { atRoot, type openTavern } from '../ordering/phones.ts'

/** Whatever is written of this person has one of these in it. */
export const marks = /zqx|zebulon|quixworthy|9876 ?5432|98765431/i

export const zeb = {
  name: 'Zebulon Quixworthy',
  phone: '+6598765432',
  email: 'zeb@quixworthy.example',
  language: 'fr-CA',
  notes: 'zqxnotes of the house',
  tags: ['zqxtag'],
  allergies: ['zqxnuts'],
  birthday: '1984-02-29',
}

/** A guest with all that there can be of one: bookings, a series, the waitlist, calls, messages, orders, a merge. */
export async function lifeOf(where: Where, house: Awaited<ReturnType<typeof openTavern>>): Promise<string> {
  const made = async (method: string, path: string, body?: unknown, status = 201): Promise<Record<string, never>> => {
    const answer = await house.call(method, path, body)
    expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(status)
    return answer.data
  }
  const kept = await made('POST', '/guests', zeb)
  const gone = await made('POST', '/guests', { name: 'Zebulon Q', phone: '+6598765431', email: 'old@zqx.example' })
  await made('PUT', `/guests/${kept['id']}`, { notes: 'zqx changed', vip: true }, 200)

  const contact = { name: zeb.name, phone_number: zeb.phone, email: zeb.email }
  const booking = {
    date: `${daysAhead(5)}T19:00:00`,
    guests: 2,
    ...contact,
    notes: 'zqx window',
    other_info: 'zqx cake',
  }
  const booked = await made('POST', '/reservations', booking)
  await made('PUT', `/reservations/${booked['id']}`, { notes: 'zqx terrace' }, 200)
  await made('DELETE', `/reservations/${booked['id']}`, undefined, 200)
  const earlier = {
    ...booking,
    date: `${daysAhead(6)}T19:00:00`,
    phone_number: '+6598765431',
    email: 'old@zqx.example',
  }
  const second = await made('POST', '/reservations', earlier)
  await made('DELETE', `/reservations/${second['id']}`, undefined, 200)
  await made('POST', `/guests/${kept['id']}/merge`, { from_id: gone['id'] }, 200)

  const rule = { rrule: 'FREQ=WEEKLY;COUNT=2', start_date: daysAhead(8), time: '19:00', party_size: 2 }
  const series = await made('POST', '/reservations/series', { ...rule, ...contact, notes: 'zqx every week' })
  const series_id = Object(series['series'] ?? series)['id']
  await made('DELETE', `/reservations/series/${series_id}?scope=all&why=zqx+moved+away`, undefined, 200)

  const queue = { name: zeb.name, phone_number: zeb.phone, party_size: 2, notes: 'zqx outside' }
  const waiting = await made('POST', '/waitlist', queue)
  await made('DELETE', `/waitlist/${waiting['id']}?why=zqx+went+home`, undefined, 200)

  const call = Object(await made('POST', '/agents/calls', { caller_phone: zeb.phone }))['call']
  await made('POST', `/agents/calls/${call.id}/turns`, { turns: [{ speaker: 'caller', text: 'zqx says hello' }] }, 200)
  await made('POST', `/agents/calls/${call.id}/close`, { summary: 'zqx asked' }, 200)

  await made('PUT', `/floor/notes/${daysAhead(5)}`, { note: 'Zebulon Quixworthy comes; 12 oysters', version: 0 }, 200)
  await eatWith(where, house)
  await withDatabase(where, (client) =>
    client.query(
      `insert into messages (restaurant_id, kind, channel, address, language, subject_type, subject_id, dedupe_key, due_at,
                             state, reason, content, created_at, updated_at)
       values ($1, 'confirmation', 'mail', $2, 'fr', 'reservation', $3, gen_random_uuid(), now(), 'sent', 'zqx is full',
               '{"text": "Dear Zebulon"}', now(), now())`,
      [house.id, zeb.email, booked['id']],
    ),
  )
  await withDatabase(where, (client) =>
    client.query(`insert into message_optouts values ($1, 'sms', $2, now()), ($1, 'mail', $3, now())`, [
      house.id,
      zeb.phone,
      zeb.email,
    ]),
  )
  await fillIn(where, house)
  return String(kept['id'])
}

/** Comes without a booking, orders from a phone at the table, and leaves. */
async function eatWith(where: Where, house: Awaited<ReturnType<typeof openTavern>>): Promise<void> {
  const party = { party_size: 2, name: zeb.name, phone_number: zeb.phone, notes: 'zqx in a hurry' }
  const seated = await house.call('POST', '/walk-ins', party)
  expect(seated.status, JSON.stringify(seated.body)).toBe(201)
  const guest = await sit(where, house, seated.data.tables[0].number)
  const named = await atRoot(where.origin, guest.token, 'PUT', `/member/${guest.member_id}`, {
    nickname: 'zqx nick',
    allergies: ['nuts'],
  })
  expect(named.status, JSON.stringify(named.body)).toBe(200)
  await guest.phone.order(house.menu.soup, { note: 'zqx no salt' })
  expect((await fire(guest)).status).toBe(201)
  guest.phone.drop()
  expect((await house.call('POST', `/reservations/${seated.data.id}/complete`)).status).toBe(200)
}

/** Whatever rows of the database say, table by table, as a dump would. */
export async function dump(where: Where, house: House): Promise<Map<string, string[]>> {
  return withDatabase(where, async (client) => {
    const { rows } = await client.query<{ name: string; scoped: string | null }>(
      `select c.relname as name,
              (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attname in ('restaurant_id', 'scope')) as scoped
         from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`,
    )
    const found = new Map<string, string[]>()
    for (const { name, scoped } of rows) {
      // Other suites open their houses meanwhile.
      const column = name === 'restaurants' ? 'id' : scoped
      const own = column === null ? '' : `where t.${column} = '${house.id}'`
      const { rows: said } = await client.query(`select t::text as row from ${name} t ${own}`)
      found.set(
        name,
        said.map((one) => one.row),
      )
    }
    return found
  })
}

/** The columns that vendors, tills and other doors fill in. */
async function fillIn(where: Where, house: House): Promise<void> {
  const own = 'restaurant_id = $1'
  await withDatabase(where, async (client) => {
    for (const statement of [
      `update waitlist_entries set email = 'zeb@quixworthy.example', language = 'zqx', why = 'zqx went' where ${own}`,
      `insert into waitlist_decisions (restaurant_id, entry_id, at, decision, why, actor)
       select restaurant_id, id, now(), 'skipped', 'zqx was rude', '{"kind": "cron"}' from waitlist_entries where ${own}`,
      `update messages set told = '{"name": "zqx"}' where ${own}`,
      `update voice_calls set called_number = '+6598765431', state = '{"name": "zqx"}', verified_name = 'zqx',
              escalation = '{"summary": "zqx is cross"}' where ${own}`,
      `insert into voice_tool_calls (restaurant_id, call_id, key, at, operation, input, outcome, ms)
       select restaurant_id, id, 'k', now(), 'book', '{"name": "zqx"}', 'ok', 1 from voice_calls where ${own}`,
      `insert into voice_handoffs (restaurant_id, call_id, key, at, from_agent, to_agent, data, entities_filled)
       select restaurant_id, id, 'k', now(), 'main', 'reservation', '{"name": "zqx"}', '{}' from voice_calls where ${own}`,
      `insert into voice_teams (restaurant_id, call_id, read_back)
       select restaurant_id, id, '{"input": {"name": "zqx"}}' from voice_calls where ${own}`,
      `update order_lines set acknowledged = '{zqx}' where ${own}`,
      `update orders set why = 'zqx sent it back' where ${own}`,
      `insert into table_calls (restaurant_id, session_id, table_id, table_number, member, kind, called_at)
       select restaurant_id, id, table_id, '1', 'zqx nick', 'water', now() from table_sessions where ${own}`,
      `insert into blocks (restaurant_id, table_ids, starts_at, ends_at, reason, made_by, lifted_at, created_at, updated_at)
       select restaurant_id, array[id], now(), now() + interval '1 hour', 'for zebulon quixworthy', '{"kind": "cron"}', now(),
              now(), now() from tables where ${own} limit 1`,
    ])
      await client.query(statement, [house.id])
  })
}
