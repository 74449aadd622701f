import { randomUUID } from 'node:crypto'
import twilio from 'twilio'
import { describe, expect, inject, test } from 'vitest'
import { caller, type House, openHouse, withDatabase } from '../factories.ts'
import { book, mailsTo, messagesOf, newGuest, openTalkative, settled, textsTo, until } from './houses.ts'

const where = inject('stack')

type Brief = { kind: string; channel: string; state: string; reason: string | null; id: string; version: number }
const sentOf = (all: Brief[], kind: string): Brief | undefined =>
  all.find((one) => one.kind === kind && one.state === 'sent')

/** What Twilio sends when somebody texts back. */
async function text(body: string, from: string, path = '/webhooks/sms', more: Record<string, string> = {}) {
  const url = `${where.origin}${path}`
  const form = { MessageSid: 'SM1', To: '+15005550006', From: from, Body: body, ...more }
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'x-twilio-signature': twilio.getExpectedTwilioSignature('local', url, form) },
    body: new URLSearchParams(form),
  })
  return { status: answer.status, said: await answer.text() }
}

async function events(house: House, type: string): Promise<number> {
  return withDatabase(where, async (client) => {
    const found = await client.query('select from events where restaurant_id = $1 and type = $2', [house.id, type])
    return found.rowCount ?? 0
  })
}

describe('R161 the waitlist', () => {
  test('a place, an offer by text and mail at once, whatever the hour; no ordinary confirmation', async () => {
    const house = await openTalkative(where, {}, { tables: [{ number: '1', seats: 2 }], hours: allDay })
    const guest = { ...newGuest(), language: 'it' }
    const joined = await house.call('POST', '/waitlist', { ...guest, party_size: 2 })
    expect(joined.status, JSON.stringify(joined.body)).toBe(201)
    const { id } = joined.data
    await house.call('POST', '/waitlist/advance')
    const all = await until(
      () => messagesOf(house, id),
      (now) => now.filter((one: Brief) => one.kind === 'waitlist_offered' && one.state === 'sent').length === 2,
    )
    expect(all.map((one: Brief) => `${one.kind} ${one.channel}`).toSorted()).toEqual([
      'waitlist_joined sms',
      'waitlist_offered mail',
      'waitlist_offered sms',
    ])
    const offer = (await textsTo(where, guest.phone_number)).at(-1)
    expect(offer?.body).toContain('un tavolo per 2')
    expect(offer?.segments).toBeLessThanOrEqual(2)
    const link = /https?:\/\/\S+\/m\/[\w-]{38}/.exec(offer?.body ?? '')?.[0] ?? ''
    const led = await fetch(link, { redirect: 'manual' })
    expect(led.headers.get('location')).toMatch(/\/w\//)
    const taken = await house.call('POST', `/waitlist/${id}/accept`)
    expect(taken.status, JSON.stringify(taken.body)).toBe(200)
    await house.call('POST', '/waitlist/advance')
    expect(await messagesOf(house, taken.data.reservation.id)).toEqual([])
  })
})

describe('R167 STOP', () => {
  test('ends texts of that house at once, START begins them again; each is an event', async () => {
    const house = await openTalkative(where)
    const guest = { ...newGuest(), email: undefined }
    const first = await book(house, guest)
    await settled(house, first.id, 3)
    const stop = await text('Stop', guest.phone_number)
    expect(stop.status).toBe(200)
    expect(stop.said).toMatch(/^<\?xml .*<Response><Message>You will get no more texts/)
    await text('STOP', guest.phone_number)
    const next = await book(house, { ...guest, reservation_time: '12:00' })
    const skipped = await settled(house, next.id, 3)
    expect(skipped.find((one: Brief) => one.kind === 'confirmation')).toMatchObject({
      state: 'skipped',
      reason: 'opted_out',
    })
    expect(await textsTo(where, guest.phone_number)).toHaveLength(1)
    expect(await events(house, 'message.opted_out')).toBe(1)

    expect((await text('START', guest.phone_number, `/webhooks/sms/${house.slug}`)).status).toBe(200)
    const again = await book(house, { ...guest, reservation_time: '15:00' })
    await settled(house, again.id, 3)
    expect(await textsTo(where, guest.phone_number)).toHaveLength(2)
  })

  test('is taken only from the provider, in the language of the word, and not answered where the provider does', async () => {
    const house = await openTalkative(where)
    const { phone_number } = newGuest()
    expect((await text('Arrêt', phone_number, `/webhooks/sms/${house.slug}`)).said).toContain('plus de SMS')
    expect((await text('HELP', phone_number)).said).toContain('not read')
    expect((await text('STOP', phone_number, `/webhooks/sms/${house.slug}`, { OptOutType: 'STOP' })).said).toContain(
      '<Response></Response>',
    )
    expect((await text('STOP', phone_number, '/webhooks/sms/nobody-here')).status).toBe(404)
    const forged = await fetch(`${where.origin}/webhooks/sms`, {
      method: 'POST',
      headers: { 'x-twilio-signature': 'bm8=' },
      body: new URLSearchParams({ From: phone_number, Body: 'STOP' }),
    })
    expect(forged.status).toBe(401)
  })

  test('of a reminder by mail is one click, asked first; a booking’s own mails still come', async () => {
    const house = await openTalkative(where, { messages: { mail: 'on', sms: 'off', reminder_hours: [24] } })
    const guest = newGuest()
    const made = await book(house, guest)
    const [reminder] = (await settled(house, made.id, 2)).filter((one: Brief) => one.kind === 'reminder')
    // Its hour has come.
    await withDatabase(where, (client) =>
      client.query("update messages set state = 'skipped' where restaurant_id = $1 and id = $2", [
        house.id,
        reminder.id,
      ]),
    )
    expect((await house.call('POST', `/messages/${reminder.id}/resend`)).status).toBe(201)
    await until(
      () => mailsTo(where, guest.email),
      (all) => all.length === 2,
    )
    const mail = (await mailsTo(where, guest.email))[1]
    expect(mail?.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click')
    const link = /<(.+)>/.exec(mail?.headers['List-Unsubscribe'] ?? '')?.[1] ?? ''
    expect(mail?.text).toContain(link)
    expect((await fetch(link)).status).toBe(200)
    expect(await events(house, 'message.opted_out')).toBe(0)
    const click = { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) }
    expect((await fetch(link, click)).status).toBe(200)
    expect((await fetch(link, click)).status).toBe(200)
    expect(await events(house, 'message.opted_out')).toBe(1)
    const more = await house.call('POST', `/messages/${reminder.id}/resend`)
    const refused = await until(
      () => messagesOf(house, made.id),
      (all) => all.find((one: Brief) => one.id === more.data.id)?.state === 'skipped',
    )
    expect(refused.find((one: Brief) => one.id === more.data.id).reason).toBe('opted_out')
    expect((await house.call('DELETE', `/reservations/${made.id}`)).status).toBe(200)
    await until(
      () => mailsTo(where, guest.email),
      (all) => all.length === 3,
    )
    expect((await mailsTo(where, guest.email))[2]?.subject).toMatch(/^Cancelled/)
  })
})

describe('R166 by hand', () => {
  test('a message is sent once more, once; a stale one, one that has yet to go and another house’s are not', async () => {
    const house = await openTalkative(where)
    const other = await openHouse(where)
    const guest = newGuest()
    const made = await book(house, guest)
    const all = await settled(house, made.id, 3)
    const sent = sentOf(all, 'confirmation')
    const key = { 'idempotency-key': randomUUID() }
    const path = `/messages/${sent?.id}/resend`
    const stale = await house.call('POST', path, { version: (sent?.version ?? 0) + 1 })
    expect([stale.status, stale.code]).toEqual([409, 'stale_version'])
    expect(stale.body.current.id).toBe(sent?.id)
    const again = await Promise.all([1, 2, 3].map(() => house.call('POST', path, { version: sent?.version }, key)))
    expect(new Set(again.map((one) => `${one.status} ${one.data?.id}`)).size).toBe(1)
    await settled(house, made.id, 4)
    expect(await mailsTo(where, guest.email)).toHaveLength(2)
    const due = all.find((one: Brief) => one.state === 'due')
    expect((await house.call('POST', `/messages/${due?.id}/resend`)).code).toBe('illegal_step')
    expect((await other.call('POST', path)).status).toBe(404)
    expect((await house.call('POST', '/messages/nonsense/resend')).status).toBe(422)
    expect((await other.call('GET', `/messages?reservation=${made.id}`)).data).toEqual([])
    expect((await caller(where.origin, null)('GET', '/messages')).status).toBe(401)
  })

  test('the list is by state, kind, channel and page', async () => {
    const house = await openTalkative(where)
    const made = await book(house, newGuest())
    await settled(house, made.id, 3)
    expect((await house.call('GET', '/messages?state=sent')).data).toHaveLength(1)
    expect((await house.call('GET', '/messages?channel=sms&kind=reminder&state=due')).data).toHaveLength(2)
    const first = await house.call('GET', '/messages?limit=2')
    expect(first.data).toHaveLength(2)
    const second = await house.call('GET', `/messages?limit=2&cursor=${first.body.meta.next_cursor}`)
    expect(second.data).toHaveLength(1)
    expect(second.body.meta.next_cursor).toBeNull()
    expect(new Set([...first.data, ...second.data].map((one: Brief) => one.id)).size).toBe(3)
    expect((await house.call('GET', '/messages?state=nonsense')).status).toBe(422)
  })
})

describe('R163 the house’s own words', () => {
  const path = '/message-templates/confirmation/mail/en'
  test('are used from then on, by version; what they cannot name is refused', async () => {
    const house = await openTalkative(where)
    const words = { subject: 'See you, {name}', body: 'Table for {party}, {time}. Code {code}.', version: 0 }
    const key = { 'idempotency-key': randomUUID() }
    const put = await house.call('PUT', path, words, key)
    expect([put.status, put.data.own, put.data.version]).toEqual([200, true, 1])
    expect((await house.call('PUT', path, words, key)).data.version).toBe(1)
    const stale = await house.call('PUT', path, { ...words, body: 'Other' })
    expect([stale.status, stale.code, stale.body.current.version]).toEqual([409, 'stale_version', 1])
    const wrong = await house.call('PUT', path, { body: 'Until {until}' })
    expect([wrong.status, wrong.body.errors]).toEqual([422, [{ path: 'body', message: 'has no {until}' }]])
    const guest = newGuest()
    const made = await book(house, guest)
    await settled(house, made.id, 3)
    const [mail] = await mailsTo(where, guest.email)
    expect(mail?.subject).toBe('See you, Ada')
    expect(mail?.text).toContain(`Table for 2, 7:00 pm. Code ${made.confirmation_code}.`)
    expect(mail?.text).toMatch(/\/r\/ey/)

    const other = await openHouse(where)
    expect((await other.call('DELETE', path)).status).toBe(404)
    const list = await house.call('GET', '/message-templates')
    expect(list.data.filter((one: { own: boolean }) => one.own)).toHaveLength(1)
    expect((await house.call('DELETE', path)).data).toMatchObject({ own: false, version: 0 })
  })

  test('can be looked at before', async () => {
    const house = await openTalkative(where)
    const asked = { kind: 'waitlist_offered', channel: 'sms', language: 'fr' }
    const usual = await house.call('POST', '/messages/preview', asked)
    expect(usual.data.segments).toBeLessThanOrEqual(2)
    expect(usual.data.text).toContain('une table pour 2')
    const own = await house.call('POST', '/messages/preview', { ...asked, body: '{house} <b>{until}</b>' })
    expect(own.data.text).toContain('<b>')
    expect((await house.call('POST', '/messages/preview', { ...asked, body: '{code}' })).status).toBe(422)
  })
})

const allDay = [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }]
