import type { caller } from '../factories.ts'
import { type Answer, daysAhead, type House, openHouse, type Where } from '../factories.ts'
import { withDatabase } from '../factories.ts'

/** Ten days from now, so that nothing else of the stack's clock matters. */
export const date = daysAhead(10)

/** An instant of that evening in Singapore, as the header that sets a request's clock. */
export const clockAt = (time: string, day = date): Record<string, string> => ({
  'x-tableside-now': `${day}T${time}:00+08:00`,
})

export type FloorHouse = House & {
  /** Calls at a wall time of that date. */
  at: (time: string, method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
  /** The same below nothing: /admin/… */
  root: (time: string, method: string, path: string, body?: unknown) => Promise<Answer>
  table: (number: string) => string
  book: (time: string, guests: number, more?: Record<string, unknown>) => Promise<Booked>
}
export type Booked = {
  id: string
  confirmation_code: string
  version: number
  tables: { id: string; number: string }[]
}

/** A house that is open from eleven to eleven, with four tables unless said. */
export async function openFloor(where: Where, changes: Record<string, unknown> = {}): Promise<FloorHouse> {
  const house = await openHouse(where, {
    tables: [
      { number: '1', seats: 2 },
      { number: '2', seats: 2 },
      { number: '3', seats: 4 },
      { number: '4', seats: 6, area: 'terrace' },
    ],
    ...changes,
  })
  const table = (number: string): string => {
    const found = house.tables.find((one) => one.number === number)
    if (!found) throw new Error(`no table ${number}`)
    return found.id
  }
  return {
    ...house,
    table,
    at: (time, method, path, body, headers = {}) => house.call(method, path, body, { ...clockAt(time), ...headers }),
    async root(time, method, path, body) {
      const response = await fetch(`${where.origin}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${house.key}`,
          ...clockAt(time),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const parsed = await response.json()
      const { data, code } = Object(parsed)
      return { status: response.status, headers: response.headers, body: parsed, data, code }
    },
    async book(time, guests, more = {}) {
      const answer = await house.call('POST', '/reservations', { date: `${date}T${time}:00+08:00`, guests, ...more })
      if (answer.status !== 201) throw new Error(`not booked: ${JSON.stringify(answer.body)}`)
      return answer.data
    },
  }
}

/** The blocking claims of a house: table number, kind and wall times, in order. */
export async function claimsOf(where: Where, house: FloorHouse): Promise<string[]> {
  return withDatabase(where, async (client) => {
    const found = await client.query<{ claim: string }>(
      `select t.number || ' ' || c.kind || ' ' || to_char(lower(c.during) at time zone 'Asia/Singapore', 'HH24:MI')
              || '-' || to_char(upper(c.during) at time zone 'Asia/Singapore', 'HH24:MI') as claim
         from claims c join tables t on t.id = c.table_id
        where c.restaurant_id = $1 and c.blocking order by t.number, lower(c.during)`,
      [house.id],
    )
    return found.rows.map((row) => row.claim)
  })
}

/** What happened to a thing, in order. */
export async function eventsOf(where: Where, subject: string): Promise<{ type: string; why: string | null }[]> {
  return withDatabase(where, async (client) => {
    const found = await client.query<{ type: string; why: string | null }>(
      'select type, why from events where subject_id = $1 order by id',
      [subject],
    )
    return found.rows
  })
}

/** A key of another house. */
export async function stranger(where: Where): Promise<ReturnType<typeof caller>> {
  return (await openHouse(where)).call
}
