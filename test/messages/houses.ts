import { expect } from 'vitest'
import { type Answer, daysAhead, type House, openHouse, type Where } from '../factories.ts'

export type Local = Where & { control_origin: string }
export const on = { mail: 'on', sms: 'on' } as const

let people = 0
/** Somebody whose mails and texts are nobody else's. */
export function newGuest(): { name: string; email: string; phone_number: string } {
  people += 1
  const own = `${process.pid}${Date.now() % 100_000}${people}`
  return { name: 'Ada', email: `ada-${own}@guest.test`, phone_number: `+659${own.padStart(7, '1').slice(-7)}` }
}

export function openTalkative(where: Where, settings: Record<string, unknown> = {}, changes = {}): Promise<House> {
  return openHouse(where, { email: 'desk@house.test', settings: { messages: on, ...settings }, ...changes })
}

export async function book(house: House, said: Record<string, unknown>, headers = {}): Promise<Answer['data']> {
  const answer = await house.call(
    'POST',
    '/reservations',
    { reservation_date: daysAhead(10), reservation_time: '19:00', party_size: 2, ...said },
    headers,
  )
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.data
}

export type Mail = {
  to: string[]
  from: string
  reply_to: string[]
  subject: string
  text: string
  html: string
  headers: Record<string, string>
  attachments: { filename: string; content: string; content_type: string }[]
}
export type Text = { to: string; from: string; body: string; segments: number }

async function read<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T
}
/** Oldest first. */
export async function mailsTo(where: Local, email: string): Promise<Mail[]> {
  return (await read<Mail[]>(`${where.control_origin}/mail?to=${encodeURIComponent(email)}`)).toReversed()
}
export async function textsTo(where: Local, phone: string): Promise<Text[]> {
  return (await read<Text[]>(`${where.control_origin}/sms?to=${encodeURIComponent(phone)}`)).toReversed()
}

/** What is done after an answer takes a moment: asks until it is so. */
export async function until<T>(look: () => Promise<T>, so: (value: T) => boolean, patience = 200): Promise<T> {
  for (let tries = 1; ; tries++) {
    const value = await look()
    if (so(value) || tries === patience) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Everything of a reservation, a place in the queue or a series, newest first. */
export async function messagesOf(house: House, id: string): Promise<Answer['data']> {
  const answer = await house.call('GET', `/messages?reservation=${id}`)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.data
}

const isOver = (one: { state: string; due_at: string }): boolean =>
  one.state !== 'sending' && !(one.state === 'due' && Date.parse(one.due_at) <= Date.now())

/** Until there are so many and none is under way; those to come stay. */
export async function settled(house: House, id: string, count: number): Promise<Answer['data']> {
  const all = await until(
    () => messagesOf(house, id),
    (value) => value.length === count && value.every(isOver),
  )
  expect(all, JSON.stringify(all)).toHaveLength(count)
  return all
}

export async function control(where: { control_origin: string }, path: string, body: unknown = {}): Promise<void> {
  const answer = await fetch(`${where.control_origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(answer.status, await answer.text()).toBe(200)
}
