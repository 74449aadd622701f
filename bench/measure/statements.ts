import { neon } from '@neondatabase/serverless'
import { drizzle } from 'drizzle-orm/neon-http'
import * as z from 'zod'
import type { TenantCtx } from '../../src/platform/endpoint.ts'
import { dayAvailability } from '../../src/reservations/availability.ts'
import { bookTable } from '../../src/reservations/book.ts'
import { NewReservation } from '../../src/reservations/schema.ts'
import type { Restaurant } from '../../src/restaurants/schema.ts'
import type { Party } from './parties.ts'
import { nowhere } from './nowhere.ts'

/** A statement as the Worker sends it. */
export type Statement = { query: string; params: unknown[] }

/** The statement by which the Worker would book this, with a key and a code of its own. */
export function bookingOf(restaurant: Restaurant, party: Party): Promise<Statement> {
  const once = { key: `bench:${crypto.randomUUID()}`, fingerprint: '' }
  return firstStatementOf(restaurant, (ctx) => bookTable(ctx, NewReservation.parse(party), once))
}

/** The statement by which the Worker would read a day. */
export function readingOf(restaurant: Restaurant, date: string): Promise<Statement> {
  return firstStatementOf(restaurant, (ctx) => dayAvailability(ctx, { date, guests: 2 }))
}

export function readingsOf(restaurant: Restaurant, dates: string[]): Promise<Statement[]> {
  return Promise.all(dates.map((date) => readingOf(restaurant, date)))
}

/** The parameters of a call of book(), which has one: the plan. */
export function planIn(statement: Statement): string {
  return z.tuple([z.string()]).parse(statement.params)[0]
}

/** The first statement of a verb, which is then told that its key was used before: nothing else is ever asked. */
export async function firstStatementOf(
  restaurant: Restaurant,
  verb: (ctx: TenantCtx) => Promise<unknown>,
): Promise<Statement> {
  const sent: Statement[] = []
  const rows = [{ version: restaurant.version, table_id: null, answer: { outcome: 'key_reused' } }]
  const client = Object.assign(neon('postgres://nobody:nothing@nowhere.invalid/none'), {
    query: (query: string, params: unknown[]) => {
      sent.push({ query, params })
      return Promise.resolve({ rows })
    },
  })
  const ctx = {
    ...nowhere,
    db: drizzle({ client }),
    now: Date.now(),
    request_id: crypto.randomUUID(),
    actor: { kind: 'key' as const, id: restaurant.id, name: 'Bench', scopes: [] },
    after: () => {},
    restaurant,
  }
  const error = await verb(ctx).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  const [first] = sent
  if (!first) throw new Error('the verb asked nothing of the database', { cause: error })
  return first
}
