import { expect } from 'vitest'
import { type Answer, daysAhead, type House } from '../factories.ts'

/** Tomorrow evening in Singapore: after-hours of whatever machine runs this. */
export const day = daysAhead(1)
export type Headers = Record<string, string>

/** The house's clock at a time of that evening. */
export function clockAt(time: string, date = day): Headers {
  return { 'x-tableside-now': new Date(`${date}T${time}:00+08:00`).toISOString() }
}

let phones = 0
/** A phone of nobody else's. */
export function newPhone(): string {
  phones += 1
  return `9${String(1_000_000 + phones)}`
}

export async function join(house: House, said: Record<string, unknown>, headers: Headers): Promise<Answer['data']> {
  const answer = await house.call(
    'POST',
    '/waitlist',
    { name: 'Ana', phone_number: newPhone(), party_size: 2, ...said },
    headers,
  )
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.data
}

export async function advance(house: House, headers: Headers): Promise<Answer['data']> {
  const answer = await house.call('POST', '/waitlist/advance', undefined, headers)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.data
}

export async function entry(house: House, id: string, headers: Headers): Promise<Answer['data']> {
  return (await house.call('GET', `/waitlist/${id}`, undefined, headers)).data
}

/** What is done after an answer takes a moment: asks until it is so. */
export async function until<T>(read: () => Promise<T>, so: (value: T) => boolean): Promise<T> {
  for (let tries = 1; ; tries++) {
    const value = await read()
    if (so(value) || tries === 60) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A table taken from some time on by a booking of somebody else's. */
export async function occupy(
  house: House,
  time: string,
  more: Record<string, unknown> = {},
  headers = clockAt('11:00'),
) {
  const booking = { date: `${day}T${time}:00`, guests: 2, name: 'Bo', ...more }
  const answer = await house.call('POST', '/reservations', booking, headers)
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.data
}
