import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { platformKey } from '../local/keys.ts'

export type Where = { origin: string; database_url: string }

/** An answer as a client sees it. `data` and `code` are loose on purpose: tests say what they expect of them. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Answer = { status: number; headers: Headers; body: any; data: any; code: string | undefined }

export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>

/** Speaks to /api with a key. A string or bytes go as they are, anything else as JSON. */
export function caller(origin: string, key: string | null): Call {
  return async (method, path, body, headers = {}) => {
    const raw = typeof body === 'string' || body instanceof Uint8Array
    const response = await fetch(`${origin}${path.startsWith('/api') ? path : `/api${path}`}`, {
      method,
      headers: {
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
    })
    const text = await response.text()
    // A file is no JSON; who wants its text fetches it.
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    const parsed = text === '' || !isJson ? undefined : JSON.parse(text)
    return { status: response.status, headers: response.headers, body: parsed, data: parsed?.data, code: parsed?.code }
  }
}

export type House = {
  id: string
  key: string
  slug: string
  timezone: string
  tables: { id: string; number: string; seats: number }[]
  call: Call
}

let opened = 0

/** A restaurant of the suite's own, with a key that no rate limit stops. Open all day, three tables, unless said. */
export async function openHouse(where: Where, changes: Record<string, unknown> = {}): Promise<House> {
  opened += 1
  const slug = `house-${process.pid}-${Date.now().toString(36)}-${opened}`
  const answer = await caller(where.origin, platformKey)('POST', '/restaurants', {
    slug,
    name: `House ${opened}`,
    timezone: 'Asia/Singapore',
    country: 'SG',
    currency: 'SGD',
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '11:00', closes: '23:00' }],
    tables: [
      { number: '1', seats: 2 },
      { number: '2', seats: 4 },
      { number: '3', seats: 6 },
    ],
    ...changes,
  })
  if (answer.status !== 201) throw new Error(`the house did not open: ${JSON.stringify(answer.body)}`)
  const { restaurant, tables, api_key } = answer.data
  await withDatabase(where, (client) =>
    client.query('update api_keys set rate_per_minute = 10000000 where restaurant_id = $1', [restaurant.id]),
  )
  return {
    id: restaurant.id,
    key: api_key,
    slug,
    timezone: restaurant.timezone,
    tables,
    call: caller(where.origin, api_key),
  }
}

export async function withDatabase<T>(where: Where, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: where.database_url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * A statement that locks a whole table. While it waits for one open transaction, everybody else's writes wait behind it,
 * in all houses: it gives way at once, and is tried again.
 */
export async function givingWay(client: pg.Client, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(`set local lock_timeout = '20ms'; ${statement}`)
      return
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== '55P03' || attempt === 300) throw error
      await sleep(20 + Math.random() * 80)
    }
  }
}

/** How many pairs of blocking claims share a table and a moment: 0, whatever happened. */
export async function overlaps(where: Where, restaurantId: string): Promise<number> {
  return withDatabase(where, async (client) => {
    const found = await client.query<{ n: number }>(
      `select count(*)::int as n
         from claims a join claims b on a.table_id = b.table_id and a.ctid < b.ctid and a.during && b.during
        where a.restaurant_id = $1 and a.blocking and b.blocking`,
      [restaurantId],
    )
    return found.rows[0]?.n ?? -1
  })
}

/** A local date some days from now. */
export function daysAhead(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}
