import type pg from 'pg'
import * as z from 'zod'
import type { Restaurant } from '../../src/restaurants/schema.ts'
import { firstDay, hotParty } from './parties.ts'
import { bookStatement } from './queue.ts'
import { bookingOf, planIn } from './statements.ts'

const Answers = z.tuple([z.object({ answer: z.object({ outcome: z.string() }) })])

/** The one call by which a table is booked. */
export async function bookByCall(client: pg.ClientBase, plan: string): Promise<string> {
  const { rows } = await client.query({ name: 'book', text: bookStatement, values: [plan] })
  return Answers.parse(rows)[0].answer.outcome
}

export type Plans = { fill(most: number): Promise<void>; next(): Promise<string> }

/** Plans for the queue of a hot restaurant; filled beforehand, so that making them is not measured. */
export function plansFor(restaurant: Restaurant): Plans {
  const first = firstDay()
  const stock: string[] = []
  let [made, taken] = [0, 0]
  const make = async (): Promise<string> => planIn(await bookingOf(restaurant, hotParty(made++, first)))
  return {
    async fill(most) {
      stock.splice(0, taken)
      taken = 0
      while (stock.length < most) stock.push(await make())
    },
    next: async () => stock[taken++] ?? make(),
  }
}
