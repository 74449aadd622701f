import { type Answer, type Call, caller, type House, openHouse, type Where } from '../factories.ts'

/** A house whose agents speak: open all day, six tables for two and one for six. */
export function openLine(where: Where, changes: Record<string, unknown> = {}): Promise<House> {
  return openHouse(where, {
    address: '1 Prinsep Street',
    phone: '+6562272727',
    tables: [
      { number: '1', seats: 2, area: 'Terrace' },
      { number: '2', seats: 2 },
      { number: '3', seats: 6 },
    ],
    ...changes,
  })
}

export type Line = {
  id: string
  token: string
  consent: string
  /** One operation in this call, with the call's own token. */
  ask: (operation: string, input: Record<string, unknown>, headers?: Record<string, string>) => Promise<Answer>
  call: Call
  hangUp: () => Promise<Answer>
}

let rung = 0

/** Somebody calls. */
export async function ring(
  where: Where,
  house: House,
  caller_phone: string | null,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Line> {
  rung += 1
  const opened = await house.call(
    'POST',
    '/agents/calls',
    { vendor_call_id: `ring-${process.pid}-${rung}-${Date.now()}`, caller_phone, ...more },
    headers,
  )
  if (opened.status !== 201) throw new Error(`nobody answered: ${JSON.stringify(opened.body)}`)
  const { call, call_token } = opened.data
  const speak = caller(where.origin, call_token)
  return {
    id: call.id,
    token: call_token,
    consent: call.consent,
    call: speak,
    ask: (operation, input, own = {}) =>
      speak('POST', `/agents/operations/${operation}`, input, { ...headers, ...own }),
    hangUp: () => speak('POST', `/agents/calls/${call.id}/close`, {}, headers),
  }
}

/** Booked the usual way, by somebody else than the caller. */
export async function bookAs(
  house: House,
  who: { name: string; phone_number: string },
  date: string,
  time = '19:00',
  party_size = 2,
): Promise<{ id: string; confirmation_code: string }> {
  const made = await house.call('POST', '/reservations', {
    ...who,
    reservation_date: date,
    reservation_time: time,
    party_size,
  })
  if (made.status !== 201) throw new Error(`not booked: ${JSON.stringify(made.body)}`)
  return made.data
}

/** What a caller says yes to: the second call of a write in two steps. */
export async function sayYes(
  line: Pick<Line, 'ask'>,
  operation: string,
  input: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const prepared = await line.ask(operation, input)
  if (prepared.status !== 200) return prepared
  return line.ask(operation, { ...input, commit_token: prepared.data.output.commit_token }, headers)
}
