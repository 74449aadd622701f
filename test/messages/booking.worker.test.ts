import { expect, describe, inject, test } from 'vitest'
import { daysAhead, openHouse, withDatabase } from '../factories.ts'
import { book, mailsTo, messagesOf, newGuest, openTalkative, settled, textsTo, until } from './houses.ts'

const where = inject('stack')
const brief = (all: { kind: string; channel: string; state: string; reason: string | null }[]): string[] =>
  all.map(({ kind, channel, state, reason }) => `${kind} ${channel} ${state}${reason ? ` ${reason}` : ''}`).toReversed()

describe('R155 what guests hear of', () => {
  test('a booking is confirmed once, by mail, with the house’s wall time, a calendar file and the guest’s link', async () => {
    const house = await openTalkative(where)
    const guest = newGuest()
    const headers = { 'idempotency-key': `twice-${guest.email}` }
    const made = await book(house, guest, headers)
    await book(house, guest, headers)
    const all = await settled(house, made.id, 3)
    expect(brief(all)).toEqual(['confirmation mail sent', 'reminder sms due', 'reminder sms due'])
    const [mail, ...more] = await mailsTo(where, guest.email)
    expect(more).toEqual([])
    expect(mail?.subject).toContain('7:00 pm')
    expect(mail?.text).toContain(made.confirmation_code)
    expect(mail?.from).toMatch(/^"House \d+" <no-reply@tableside.test>$/)
    expect(mail?.reply_to).toEqual(['desk@house.test'])
    const link = /https?:\/\/\S+\/r\/\S+/.exec(mail?.text ?? '')?.[0] ?? ''
    const seen = await fetch(link)
    expect(seen.status).toBe(200)
    expect(JSON.stringify(await seen.json())).toContain(made.confirmation_code)
    const file = Buffer.from(mail?.attachments[0]?.content ?? '', 'base64').toString()
    expect(file).toContain('METHOD:REQUEST')
    expect(file).toContain(`UID:${made.id}@tableside`)
    expect(await textsTo(where, guest.phone_number)).toEqual([])
  })

  test('in the guest’s language; by text where there is no address', async () => {
    const house = await openTalkative(where)
    const guest = { ...newGuest(), email: undefined, language: 'de-AT' }
    const made = await book(house, guest)
    await settled(house, made.id, 3)
    const [text] = await until(
      () => textsTo(where, guest.phone_number),
      (all) => all.length > 0,
    )
    expect(text?.body).toMatch(
      /^House \d+: Tisch für 2 reserviert, .*19:00\. Code [A-Z0-9]{6}\. Ändern oder absagen: http/,
    )
    expect(text?.segments).toBeLessThanOrEqual(2)
    // The short link leads on to the guest's page.
    const link = /https?:\/\/\S+\/m\/[\w-]{38}/.exec(text?.body ?? '')?.[0] ?? ''
    const led = await fetch(link, { redirect: 'manual' })
    expect(led.status).toBe(302)
    expect(led.headers.get('location')).toMatch(/\/r\/ey/)
    expect((await fetch(`${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`)).status).toBe(404)
  })

  test('a house that has it switched off writes to nobody, and one that switches it on to nobody of before', async () => {
    const house = await openHouse(where)
    const guest = newGuest()
    const early = await book(house, guest)
    const kept = await withDatabase(where, (client) =>
      client.query('select from message_positions where restaurant_id = $1', [house.id]),
    )
    expect(kept.rowCount).toBe(0)
    const edit = { settings: { messages: { mail: 'on' } } }
    const edited = await house.call('PATCH', `/restaurants/${house.id}`, edit)
    expect(edited.status, JSON.stringify(edited.body)).toBe(200)
    expect(edited.data.settings.messages).toMatchObject({ mail: 'on', sms: 'off', reminder_hours: [24, 3] })
    const late = newGuest()
    const made = await until(
      async () => book(house, { ...late, reservation_time: '12:00' }),
      () => true,
    )
    await until(
      () => messagesOf(house, made.id),
      (all) => all.length > 0,
      20,
    )
    // The isolate may remember the house as it was for some seconds: the next change tells of both.
    await new Promise((resolve) => setTimeout(resolve, 5_500))
    await house.call('POST', `/reservations/${made.id}/late`)
    await until(
      () => mailsTo(where, late.email),
      (all) => all.length > 0,
    )
    expect(await mailsTo(where, late.email)).toHaveLength(1)
    expect(await messagesOf(house, early.id)).toEqual([])
  })

  test('a request is received, then confirmed or declined', async () => {
    const house = await openTalkative(where, { approval: 'manual' })
    const guest = newGuest()
    const made = await book(house, guest)
    await settled(house, made.id, 1)
    expect((await house.call('POST', `/reservations/${made.id}/confirm`)).status).toBe(200)
    const all = await settled(house, made.id, 4)
    expect(brief(all)).toEqual(['pending mail sent', 'approved mail sent', 'reminder sms due', 'reminder sms due'])
    const other = newGuest()
    const asked = await book(house, { ...other, reservation_time: '12:00' })
    await settled(house, asked.id, 1)
    expect((await house.call('DELETE', `/reservations/${asked.id}`)).status).toBe(200)
    expect(brief(await settled(house, asked.id, 2))).toEqual(['pending mail sent', 'declined mail sent'])
    expect((await mailsTo(where, other.email)).at(-1)?.subject).toContain('We have no table')
  })

  test('a cancellation is told, takes the entry out of the calendar, and ends the reminders', async () => {
    const house = await openTalkative(where)
    const guest = newGuest()
    const made = await book(house, guest)
    await settled(house, made.id, 3)
    expect((await house.call('DELETE', `/reservations/${made.id}`)).status).toBe(200)
    const all = await settled(house, made.id, 4)
    expect(brief(all).toSorted()).toEqual([
      'cancelled mail sent',
      'confirmation mail sent',
      'reminder sms skipped overtaken',
      'reminder sms skipped overtaken',
    ])
    const last = (await mailsTo(where, guest.email)).at(-1)
    expect(Buffer.from(last?.attachments[0]?.content ?? '', 'base64').toString()).toContain('METHOD:CANCEL')
    expect(last?.text).not.toContain('/r/')
  })

  test('the guest who cancels by the link is told of it', async () => {
    const house = await openTalkative(where)
    const guest = newGuest()
    const made = await book(house, guest)
    await settled(house, made.id, 3)
    const link = /https?:\/\/\S+\/r\/\S+/.exec((await mailsTo(where, guest.email))[0]?.text ?? '')?.[0] ?? ''
    expect((await fetch(link, { method: 'DELETE' })).status).toBe(200)
    await settled(house, made.id, 4)
    expect((await mailsTo(where, guest.email)).at(-1)?.subject).toMatch(/^Cancelled/)
  })
})

describe('R157 a change', () => {
  test('of notes is nobody’s business; of the time it moves the reminders, and is told', async () => {
    const house = await openTalkative(where)
    const guest = newGuest()
    // Booked an hour ago: what was told a moment ago is told with what follows.
    const before = { 'x-tableside-now': new Date(Date.now() - 3_600_000).toISOString() }
    const made = await book(house, guest, before)
    await settled(house, made.id, 3)
    expect((await house.call('PUT', `/reservations/${made.id}`, { notes: 'by the window' })).status).toBe(200)
    const moved = await house.call('PUT', `/reservations/${made.id}`, { reservation_time: '20:00' })
    expect(moved.status, JSON.stringify(moved.body)).toBe(200)
    const all = await settled(house, made.id, 6)
    expect(brief(all).toSorted()).toEqual([
      'changed mail sent',
      'confirmation mail sent',
      'reminder sms due',
      'reminder sms due',
      'reminder sms skipped overtaken',
      'reminder sms skipped overtaken',
    ])
    const to_come = all.filter((one: { state: string }) => one.state === 'due')
    for (const one of to_come) expect(Date.parse(one.about_at)).toBe(Date.parse(moved.data.starts_at))
    const mail = (await mailsTo(where, guest.email)).at(-1)
    expect(mail?.subject).toContain('8:00 pm')
    expect(Buffer.from(mail?.attachments[0]?.content ?? '', 'base64').toString()).toMatch(/SEQUENCE:3/)
    // And back again: the same reminders, once each.
    const late = { 'x-tableside-now': new Date(Date.now() + 3_600_000).toISOString() }
    await house.call('PUT', `/reservations/${made.id}`, { reservation_time: '19:00' }, late)
    const back = await until(
      () => messagesOf(house, made.id),
      (now) =>
        now.filter((one: { kind: string; state: string }) => one.kind === 'changed' && one.state === 'sent').length ===
        2,
    )
    const due = back.filter((one: { state: string; kind: string }) => one.kind === 'reminder' && one.state === 'due')
    expect(due).toHaveLength(2)
    expect(new Set(due.map((one: { about_at: string }) => Date.parse(one.about_at)))).toEqual(
      new Set([Date.parse(made.starts_at)]),
    )
  })

  test('a moment after the booking waits two minutes, and several are one', async () => {
    const house = await openTalkative(where)
    const guest = newGuest()
    const made = await book(house, guest)
    await settled(house, made.id, 3)
    for (const time of ['20:00', '20:30', '18:00'])
      expect((await house.call('PUT', `/reservations/${made.id}`, { reservation_time: time })).status).toBe(200)
    const all = await until(
      () => messagesOf(house, made.id),
      (now) => now.filter((one: { kind: string }) => one.kind === 'changed').length === 3,
    )
    const changed = all.filter((one: { kind: string }) => one.kind === 'changed')
    expect(brief(changed).toSorted()).toEqual([
      'changed mail due',
      'changed mail skipped told_with_another',
      'changed mail skipped told_with_another',
    ])
    expect(await mailsTo(where, guest.email)).toHaveLength(1)
    const waits = changed.find((one: { state: string }) => one.state === 'due')
    expect(Date.parse(waits.due_at)).toBeGreaterThan(Date.parse(made.created_at) + 110_000)
  })
})

test('R162 a series is told of once, with all its dates; each date has its reminders', async () => {
  const house = await openTalkative(where)
  const guest = newGuest()
  const start = daysAhead(7)
  const answer = await house.call('POST', '/reservations/series', {
    ...guest,
    rrule: 'FREQ=WEEKLY;COUNT=4',
    start_date: start,
    time: '19:00',
    party_size: 2,
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  const id = answer.data.series?.id ?? answer.data.id
  await settled(house, id, 1)
  const mails = await mailsTo(where, guest.email)
  expect(mails.map((one) => one.subject)).toEqual([expect.stringMatching(/^Your 4 dates at House/)])
  const reminders = await house.call('GET', '/messages?kind=reminder&limit=200')
  expect(reminders.data).toHaveLength(8)
})
