import { hashOf } from '../../local/keys.ts'
import { caller, type Call, daysAhead, type House, type Where, withDatabase } from '../factories.ts'

/** Speaks for the house with these scopes only. */
export async function withScopes(where: Where, house: House, scopes: string[]): Promise<Call> {
  const key = `tsk_${crypto.randomUUID()}`
  await withDatabase(where, (client) =>
    client.query(
      `insert into api_keys (restaurant_id, name, prefix, hash, scopes, rate_per_minute)
       values ($1, 'Some', $2, $3, $4, 1000000)`,
      [house.id, key.slice(0, 12), hashOf(key), scopes],
    ),
  )
  return caller(where.origin, key)
}

/** A different phone of Singapore for each number below a million. */
export function phoneOf(n: number): string {
  return `+6591${String(n).padStart(6, '0')}`
}

let met = 0

/** A new guest with a phone of its own, unless said. */
export async function meet(house: House, fields: Record<string, unknown>): Promise<{ id: string; phone: string }> {
  met += 1
  const answer = await house.call('POST', '/guests', { phone: phoneOf(met), ...fields })
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
  return answer.data
}

/** When a party that is booked for this wall time of Singapore is due. */
export const due = (time: string): Record<string, string> => ({ 'x-tableside-now': `${time}+08:00` })

/** Books for that phone, a day each, and has the party sit; answers the ids of the reservations. */
export async function visits(house: House, phone_number: string, times: number, firstDay = 1): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < times; i++) {
    const date = `${daysAhead(firstDay + i)}T18:00:00`
    const booked = await house.call('POST', '/reservations', { date, guests: 2, phone_number })
    if (booked.status !== 201) throw new Error(JSON.stringify(booked.body))
    ids.push(booked.data.id)
    await house.call('POST', `/reservations/${booked.data.id}/seat`, undefined, due(date))
  }
  return ids
}

export type Event = { type: string; subject_id: string; before: unknown; after: unknown; actor: unknown; why: string }

export async function eventsOf(where: Where, house: House, subjectId: string): Promise<Event[]> {
  return withDatabase(where, async (client) => {
    const found = await client.query<Event>(
      'select * from events where restaurant_id = $1 and subject_id = $2 order by id',
      [house.id, subjectId],
    )
    return found.rows
  })
}
