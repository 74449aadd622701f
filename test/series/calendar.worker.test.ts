import { SignJWT } from 'jose'
import { convertIcsCalendar } from 'ts-ics'
import { describe, expect, inject, test } from 'vitest'
import { type Answer, daysAhead, type House, openHouse, withDatabase } from '../factories.ts'

const where = inject('stack')
const date = daysAhead(10)

const at = (instant: string): Record<string, string> => ({ 'x-tableside-now': instant })

type Text = { status: number; headers: Headers; text: string }
async function fetchText(path: string, headers: Record<string, string> = {}): Promise<Text> {
  const answer = await fetch(path.startsWith('http') ? path : `${where.origin}${path}`, { headers })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}
/** A guest's browser: no key, only what the link says. */
async function visit(
  path: string,
  method = 'GET',
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(`${where.origin}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const parsed = JSON.parse(await answer.text())
  return { status: answer.status, headers: answer.headers, body: parsed, data: parsed.data, code: parsed.code }
}
const pathOf = (url: string): string => new URL(url).pathname

async function book(house: House, more: Record<string, unknown> = {}): Promise<Answer['data']> {
  const answer = await house.call('POST', '/reservations', {
    reservation_date: date,
    reservation_time: '19:00',
    party_size: 2,
    name: 'Ana',
    phone_number: '98207272',
    email: 'ana@example.com',
    ...more,
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.data
}
async function icsOf(house: House, ref: string): Promise<Text> {
  return fetchText(`/api/reservations/${ref}/calendar.ics`, { authorization: `Bearer ${house.key}` })
}
async function linkOf(house: House, ref: string): Promise<string> {
  const file = convertIcsCalendar(undefined, (await icsOf(house, ref)).text)
  return pathOf(file.events?.[0]?.url ?? '')
}

describe('R146 the calendar file of a reservation', () => {
  test('is the same entry after a change and a cancellation', async () => {
    const house = await openHouse(where, { address: '1 Club Street, Singapore' })
    const made = await book(house)
    const first = await icsOf(house, made.confirmation_code)
    expect(first.status).toBe(200)
    expect(first.headers.get('content-type')).toBe('text/calendar; charset=utf-8; method=PUBLISH')
    expect(first.headers.get('content-disposition')).toContain(`${made.confirmation_code}.ics"`)
    const [before] = convertIcsCalendar(undefined, first.text).events ?? []
    expect(before).toMatchObject({
      uid: `${made.id}@tableside`,
      sequence: 1,
      start: { date: new Date(made.starts_at) },
    })
    await house.call('PUT', `/reservations/${made.id}`, { time: '20:00' })
    await house.call('DELETE', `/reservations/${made.id}`)
    const gone = convertIcsCalendar(undefined, (await icsOf(house, made.id)).text)
    expect(gone).toMatchObject({ method: 'CANCEL', events: [{ uid: before?.uid, sequence: 3, status: 'CANCELLED' }] })
    expect((await icsOf(await openHouse(where), made.id)).status).toBe(404)
    expect((await fetchText(`/api/reservations/${made.id}/calendar.ics`)).status).toBe(401)
  })
})

describe('R147 the feed', () => {
  test('shows the book, tells a calendar that nothing changed, and is gone once revoked', async () => {
    const house = await openHouse(where)
    const made = await book(house, { notes: 'secret' })
    await book(house, { reservation_date: daysAhead(70), phone_number: '98207273', email: null })
    const issued = await house.call('POST', '/calendar-feed', { name: 'Host stand' })
    expect(issued).toMatchObject({ status: 201, data: { name: 'Host stand', with_phones: false, revoked_at: null } })
    const path = pathOf(issued.data.url)
    const first = await fetchText(path)
    expect(first.headers.get('content-type')).toBe('text/calendar; charset=utf-8')
    const calendar = convertIcsCalendar(undefined, first.text)
    expect(calendar.events).toMatchObject([{ uid: `${made.id}@tableside`, summary: 'Ana, 2', location: 'Table 1' }])
    for (const personal of ['98207272', 'ana@example.com', 'secret', made.confirmation_code])
      expect(first.text).not.toContain(personal)

    const etag = first.headers.get('etag') ?? ''
    const same = await fetchText(path, { 'if-none-match': etag })
    expect([same.status, same.text]).toEqual([304, ''])
    await house.call('PUT', `/reservations/${made.id}`, { time: '20:00' })
    const changed = await fetchText(path, { 'if-none-match': etag })
    expect([changed.status, convertIcsCalendar(undefined, changed.text).events?.[0]?.sequence]).toEqual([200, 2])
    await house.call('DELETE', `/reservations/${made.id}`)
    expect(convertIcsCalendar(undefined, (await fetchText(path)).text).events ?? []).toEqual([])

    expect((await house.call('DELETE', `/calendar-feed/${issued.data.id}`)).data.revoked_at).not.toBeNull()
    expect((await house.call('DELETE', `/calendar-feed/${issued.data.id}`)).status).toBe(200)
    expect((await fetchText(path)).status).toBe(404)
  })

  test('shows phones only where it was issued with them; its secret is told once and kept nowhere', async () => {
    const house = await openHouse(where)
    await book(house)
    const key = { 'idempotency-key': 'feed' }
    const issued = await house.call('POST', '/calendar-feed', { with_phones: true }, key)
    const again = await house.call('POST', '/calendar-feed', { with_phones: true }, key)
    expect(again.data).toEqual({ ...issued.data, url: null })
    expect((await fetchText(pathOf(issued.data.url))).text).toContain('+6598207272')
    expect((await house.call('GET', '/calendar-feed')).data).toMatchObject([{ id: issued.data.id }])
    const secret = pathOf(issued.data.url).slice('/calendar/'.length, 40)
    const kept = await withDatabase(where, (client) =>
      client.query(
        'select count(*)::int as n from events where restaurant_id = $1 and (after::text like $2 or before::text like $2)',
        [house.id, `%${secret}%`],
      ),
    )
    expect(kept.rows).toEqual([{ n: 0 }])
  })

  test('a forged, cut or foreign address shows nothing', async () => {
    const [house, other] = [await openHouse(where), await openHouse(where)]
    const issued = await house.call('POST', '/calendar-feed', {})
    const path = pathOf(issued.data.url)
    const flipped = path.replace(/(.)\.ics$/, (_all, last: string) => `${last === 'A' ? 'B' : 'A'}.ics`)
    expect((await fetchText(flipped)).status).toBe(401)
    expect((await fetchText(path.slice(0, -6))).status).toBe(422)
    expect((await other.call('DELETE', `/calendar-feed/${issued.data.id}`)).status).toBe(404)
    expect((await house.call('POST', '/calendar-feed', { phones: true })).code).toBe('validation_failed')
    expect((await fetchText(path)).status).toBe(200)
  })
})

describe('R148 the link of a guest', () => {
  test('shows, moves and cancels its one reservation', async () => {
    const house = await openHouse(where)
    const made = await book(house)
    const link = await linkOf(house, made.id)
    const seen = await visit(link)
    expect(seen).toMatchObject({
      status: 200,
      data: { confirmation_code: made.confirmation_code, reservation_time: '19:00', can_change: true, version: 1 },
    })
    expect(JSON.stringify(seen.data)).not.toContain('98207272')
    const moved = await visit(link, 'PUT', { time: '20:00', party_size: 3, version: 1 })
    expect(moved.data).toMatchObject({ reservation_time: '20:00', party_size: 3, version: 2 })
    expect((await visit(link, 'PUT', { time: '21:00', version: 1 })).code).toBe('stale_version')
    const file = await fetchText(pathOf(moved.data.calendar_url))
    expect(convertIcsCalendar(undefined, file.text).events).toMatchObject([{ sequence: 2 }])
    const gone = await visit(link, 'DELETE')
    expect(gone.data).toMatchObject({ status: 'cancelled', can_change: false })
    expect((await visit(link, 'DELETE')).code).toBe('illegal_step')
    expect((await visit(link, 'PUT', { time: '21:00' })).code).toBe('illegal_step')
    const actors = await withDatabase(where, (client) =>
      client.query('select actor from events where restaurant_id = $1 and subject_id = $2 order by id desc limit 1', [
        house.id,
        made.id,
      ]),
    )
    expect(actors.rows).toEqual([{ actor: { kind: 'guest', reservation_id: made.id } }])
  })

  test('works until the notice is over for changes, and a day past the visit for looking, wherever it moved', async () => {
    const house = await openHouse(where, { settings: { min_notice_minutes: 120 }, phone: '+6561234567' })
    const made = await book(house)
    const link = await linkOf(house, made.id)
    const late = await visit(link, 'DELETE', undefined, at(`${date}T17:30:00+08:00`))
    expect(late).toMatchObject({ status: 409, code: 'too_late_to_change' })
    expect(late.body.detail).toContain('+6561234567')
    expect((await visit(link, 'PUT', { party_size: 1 }, at(`${date}T17:30:00+08:00`))).code).toBe('too_late_to_change')
    expect((await visit(link, 'GET', undefined, at(`${date}T17:30:00+08:00`))).data.can_change).toBe(false)
    await house.call('PUT', `/reservations/${made.id}`, { date: daysAhead(20) })
    expect((await visit(link, 'GET', undefined, at(`${daysAhead(15)}T12:00:00Z`))).status).toBe(200)
    expect((await visit(link, 'GET', undefined, at(`${daysAhead(22)}T12:00:00Z`))).status).toBe(401)
  })

  test('refuses as any booking is refused, and does what it is told once', async () => {
    const house = await openHouse(where, { tables: [{ number: '1', seats: 4 }] })
    const made = await book(house)
    await book(house, { reservation_time: '21:00', phone_number: '98207273', email: null })
    const link = await linkOf(house, made.id)
    const refused = await visit(link, 'PUT', { time: '20:30' })
    expect(refused).toMatchObject({ status: 409, code: 'sold_out' })
    expect((await visit(link, 'PUT', { table_id: made.id })).code).toBe('validation_failed')
    const key = { 'idempotency-key': 'mine' }
    const first = await visit(link, 'PUT', { time: '18:00' }, key)
    const again = await visit(link, 'PUT', { time: '18:00' }, key)
    expect([again.status, again.data]).toEqual([200, first.data])
  })

  test('a token that is forged, of another use, or of another key opens nothing', async () => {
    const house = await openHouse(where)
    const made = await book(house)
    const link = await linkOf(house, made.id)
    const [head = '', payload = '', mac = ''] = link.slice('/r/'.length).split('.')
    const other = await book(house, { reservation_time: '12:00', phone_number: '98207273', email: null })
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const swapped = Buffer.from(JSON.stringify({ ...claims, sub: other.id })).toString('base64url')
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
    const foreign = await new SignJWT({ rid: house.id })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(made.id)
      .setIssuer('tableside')
      .setAudience('manage')
      .sign(new TextEncoder().encode('a secret of somebody else, long enough'))
    for (const token of [`${head}.${swapped}.${mac}`, `${unsigned}.${payload}.${mac}`, foreign])
      expect((await visit(`/r/${token}`)).status, token).toBe(401)
    expect((await visit('/r/nonsense')).status).toBe(422)
    const key = await fetchText(`/api/reservations/${made.id}`, { authorization: `Bearer ${link.slice('/r/'.length)}` })
    expect(key.status).toBe(401)
  })
})
