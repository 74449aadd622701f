import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { daysAhead, type House, overlaps, withDatabase } from '../../factories.ts'
import { Screen, until } from '../../floor/screens.ts'
import { bookedOn } from '../conformance.ts'
import { bookAs, openLine } from '../lines.ts'
import { Wire } from './sockets.ts'
import { letAnswer, relayHandshake, send, type Told, twilio } from './vendors.ts'

const where = inject('stack')
const ana = '+6598207272'

let house: House
beforeAll(async () => {
  const settings = { voice: { transfer_number: '+6561234567' } }
  house = await openLine(where, { languages: ['en', 'es'], settings })
  await letAnswer(house, 'twilio')
})

/** A telephone call without the sound of it, as Twilio makes one. */
class Telephone {
  readonly CallSid = `CA${randomUUID().replaceAll('-', '')}`
  readonly at: House
  readonly from: string
  readonly wire: Wire
  greeting = ''

  private constructor(at: House, from: string) {
    this.at = at
    this.from = from
    const { url, headers } = relayHandshake(where, at)
    this.wire = new Wire(url, headers)
  }

  static async ring(at: House, from = ana): Promise<Telephone> {
    const phone = new Telephone(at, from)
    phone.greeting = (await send(twilio(where, at, phone.form('ringing')))).text
    await phone.wire.open()
    const sessionId = `VX${randomUUID()}`
    phone.wire.say({ type: 'setup', sessionId, callSid: phone.CallSid, from, to: '+6562272727', direction: 'inbound' })
    return phone
  }
  form(CallStatus: string, more: Record<string, string> = {}): Record<string, string> {
    return { CallSid: this.CallSid, CallStatus, From: this.from, To: '+6562272727', ...more }
  }

  /** What is answered to a sentence. */
  async say(voicePrompt: string): Promise<string> {
    const frame = await this.wire.ask({ type: 'prompt', voicePrompt, lang: 'en-US', last: true })
    return frame['token'] ?? JSON.stringify(frame)
  }
  async record(): Promise<Told> {
    const { data } = await this.at.call('GET', '/agents/calls?limit=200')
    const { id } = data.find((one: { vendor_call_id: string }) => one.vendor_call_id === this.CallSid)
    return (await this.at.call('GET', `/agents/calls/${id}`)).data
  }
  /** Until the call's record says that it is over. */
  async over(): Promise<Told> {
    await until(async () => (await this.record())['ended_at'] !== null, 'the end of the call')
    return this.record()
  }
}

const spoken = (date: string): string =>
  new Date(`${date}T00:00:00Z`).toLocaleDateString('en', { month: 'long', day: 'numeric', timeZone: 'UTC' })

describe('R249, R250 a telephone call', () => {
  test('greets, understands, holds, reads back, books and hangs up, while a console looks on', async () => {
    const screen = await new Screen(where.origin, { key: house.key }).connect()
    const date = daysAhead(11)
    const phone = await Telephone.ring(house)
    expect(phone.greeting).toMatch(/welcomeGreeting="[^"]*automated assistant[^"]*How can I help you\?"/)
    expect(await phone.say(`I'd like to book a table for two on ${spoken(date)}`)).toMatch(
      /For 2 people .* we have .* At what time\?/,
    )
    expect(await phone.say('seven pm please')).toMatch(/I am keeping a table for 2 people .*May I have your name\?/)
    expect(await bookedOn(where, house, date)).toEqual([{ status: 'held', party_size: 2, name: null }])
    const readBack = await phone.wire.ask({ type: 'prompt', voicePrompt: 'Ana Garcia', lang: 'en-US', last: true })
    expect(readBack).toMatchObject({ type: 'text', last: true, interruptible: false })
    expect(readBack['token']).toMatch(/in the name of Ana Garcia. Shall I book it\?/)
    expect(await phone.say('yes, go ahead')).toMatch(/is booked. Your confirmation code is (\w ){5}\w\..*anything else/)
    const end = await phone.wire.ask({ type: 'prompt', voicePrompt: 'no thank you', last: true })
    expect(end['type']).toBe('end')
    const after = phone.form('in-progress', { HandoffData: end['handoffData'], SessionStatus: 'ended' })
    expect((await send(twilio(where, house, after, '?step=after'))).text).toMatch(
      /<Say [^>]*>Thank you for calling. Goodbye.<\/Say><Hangup\/>/,
    )
    phone.wire.hangUp()
    await send(twilio(where, house, phone.form('completed')))

    expect(await bookedOn(where, house, date)).toEqual([{ status: 'confirmed', party_size: 2, name: 'Ana Garcia' }])
    const record = await phone.over()
    expect(record).toMatchObject({ door: 'twilio', outcome: 'booked', caller_phone: ana, ended_reason: 'goodbye' })
    expect(record['tools'].map((one: { operation: string }) => one.operation)).toEqual([
      'check_availability',
      'hold_table',
      'make_reservation',
      'make_reservation',
    ])
    await until(async () => (await phone.record())['turns'].length >= 11, 'the transcript')
    const [first, second, third] = (await phone.record())['turns']
    expect([first.speaker, second.speaker, third.speaker]).toEqual(['agent', 'caller', 'agent'])
    for (const wanted of ['call.started', 'reservation.held', 'call.heard', 'reservation.booked', 'call.ended'])
      await screen.event((one) => one.event === wanted, wanted)
    screen.drop()
  })

  test('in Spanish, at a house that speaks it', async () => {
    const casa = await openLine(where, { languages: ['es'], country: 'ES', timezone: 'Europe/Madrid', currency: 'EUR' })
    await letAnswer(casa, 'twilio')
    const phone = await Telephone.ring(casa, '+34612345678')
    expect(phone.greeting).toContain('language="es-ES"')
    const answer = await phone.say('Quería reservar una mesa para cuatro personas mañana a las nueve de la noche')
    expect(answer).toMatch(/Le guardo una mesa para 4 personas mañana .*¿A qué nombre/)
    expect(await phone.say('A nombre de Lucía Pérez')).toMatch(/a nombre de Lucía Pérez\. ¿La reservo\?/)
    expect(await phone.say('sí, por favor')).toMatch(/está reservada/)
    phone.wire.hangUp()
    expect(await phone.over()).toMatchObject({ outcome: 'booked', locale: 'es' })
  })

  test('a key is pressed for another language, and 0 for a person', async () => {
    const phone = await Telephone.ring(house)
    expect(phone.greeting).toContain('Para español, pulse 2.')
    phone.wire.say({ type: 'dtmf', digit: '2' })
    expect(await phone.wire.take()).toEqual({ type: 'language', ttsLanguage: 'es-US', transcriptionLanguage: 'es-US' })
    expect((await phone.wire.take())['token']).toMatch(/asistente automático.*¿En qué puedo ayudarle\?/)
    expect(await phone.say('una mesa para dos mañana a las ocho de la tarde')).toMatch(/Le guardo una mesa/)
    phone.wire.say({ type: 'dtmf', digit: '0' })
    const end = await phone.wire.take()
    expect(JSON.parse(end['handoffData'])).toMatchObject({ transfer: true, locale: 'es' })
    expect(await phone.over()).toMatchObject({ escalation: { reason: 'asked_for_person' }, hold_id: null })
  })

  test('hanging up in the middle gives the table back', async () => {
    const date = daysAhead(12)
    const phone = await Telephone.ring(house)
    await phone.say(`a table for two on ${spoken(date)} at 7 pm`)
    expect((await bookedOn(where, house, date)).map((one) => one['status'])).toEqual(['held'])
    phone.wire.socket.terminate()
    await phone.over()
    expect((await bookedOn(where, house, date)).map((one) => one['status'])).toEqual(['cancelled'])
  })

  test('hanging up while a table is being taken leaves none held', async () => {
    const date = daysAhead(13)
    const phones = await Promise.all(
      Array.from({ length: 6 }, (_one, i) => Telephone.ring(house, `+659820${1000 + i}`)),
    )
    for (const phone of phones) {
      phone.wire.say({ type: 'prompt', voicePrompt: `a table for two on ${spoken(date)} at 7 pm`, last: true })
      phone.wire.hangUp()
    }
    await Promise.all(phones.map((phone) => phone.over()))
    expect((await bookedOn(where, house, date)).filter((one) => one['status'] === 'held')).toEqual([])
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('a booking is found, moved and cancelled under its name, and by no other', async () => {
    const mine = '+6591230001'
    const date = daysAhead(14)
    await bookAs(house, { name: 'Ben Tan', phone_number: mine }, date, '18:00')
    const stranger = await Telephone.ring(house, '+6591230002')
    expect(await stranger.say('I want to cancel my booking')).toMatch(/your name/)
    expect(await stranger.say('Ben Tan')).toMatch(/could not find that/)
    stranger.wire.hangUp()
    const phone = await Telephone.ring(house, mine)
    await phone.say('I want to change my reservation to 8 pm')
    expect(await phone.say('Ben Tan')).toMatch(/changes from .*6 PM.* to .*8 PM.*Shall I change it\?/)
    expect(await phone.say('yes')).toMatch(/Your booking is changed/)
    expect(await phone.say('actually please cancel my booking')).toMatch(/Shall I cancel it\?/)
    expect(await phone.say('no')).toMatch(/I leave it as it is/)
    expect((await bookedOn(where, house, date)).map((one) => one['status'])).toEqual(['confirmed'])
    await phone.say('cancel my booking')
    expect(await phone.say('yes')).toMatch(/is cancelled/)
    expect((await bookedOn(where, house, date)).map((one) => one['status'])).toEqual(['cancelled'])
    phone.wire.hangUp()
  })

  test('frames that are none, and more of them than anybody says, do no harm', async () => {
    const phone = await Telephone.ring(house)
    for (const frame of [
      'no JSON',
      { type: 'prompt' },
      { type: 'unknown' },
      { type: 'interrupt', utteranceUntilInterrupt: 'a' },
      { type: 'prompt', voicePrompt: 'a table', last: false },
    ])
      phone.wire.say(frame)
    expect(await phone.say('a table for two')).toMatch(/For which day\?/)
    for (let i = 0; i < 200; i++)
      phone.wire.say({ type: 'prompt', voicePrompt: 'a table for two tomorrow at 7 pm', last: true })
    expect(await phone.wire.gone()).toBe(4429)
    expect(await phone.over()).toMatchObject({ ended_reason: 'refused', hold_id: null })
    const rows = await withDatabase(
      where,
      async (client) =>
        (await client.query("select 1 from reservations where restaurant_id = $1 and status = 'held'", [house.id]))
          .rowCount,
    )
    expect(rows).toBe(0)
  })
})
