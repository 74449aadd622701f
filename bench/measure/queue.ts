import type { Restaurant } from '../../src/restaurants/schema.ts'
import { openAttempts, type Attempts } from './attempts.ts'
import { firstDay, type Party } from './parties.ts'
import { bookingOf, planIn } from './statements.ts'

export const bookStatement = 'select "book"($1::jsonb) as answer'
export const callers = 64

/** Calls of book() with the plans that the Worker would make for an endless queue of parties, wherever each wants to go. */
export function openQueue(
  database_url: string,
  partyOf: (n: number, first: string) => Party,
  restaurantOf: (n: number) => Restaurant,
  connections = callers,
): Promise<Attempts> {
  const first = firstDay()
  let n = 0
  return openAttempts(database_url, connections, bookStatement, async () => {
    const statement = await bookingOf(restaurantOf(n), partyOf(n, first))
    n += 1
    if (statement.query !== bookStatement) throw new Error(`the Worker now books by: ${statement.query}`)
    return [planIn(statement)]
  })
}
