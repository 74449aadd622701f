import type pg from 'pg'
import { firstDay, hotParty, type Party } from '../measure/parties.ts'
import { openRoom, type Where } from '../measure/room.ts'
import { bookingOf, planIn } from '../measure/statements.ts'
import { bookAsUsual, usualTables, wishOf } from '../measure/usual-design.ts'
import { bookByCall } from '../measure/our-design.ts'

const rounds = 10
const callers = 40
const seats = [4, 4, 4, 4]

/** How many tables were sold in each round, and how long it took until everybody had an answer. */
export type Duels = { sold: number[]; took: number[] }

/** 40 callers ask at the same moment for a room of 4 tables, evening after evening, by either design. */
export async function duel(
  clients: pg.ClientBase[],
  where: Where,
  tries: number,
): Promise<{ ours: Duels; usual: Duels }> {
  const small = await openRoom(where, 'small', seats)
  await clientAt(clients, 0).query(usualTables, [2, seats])
  const ours: Duels = { sold: [], took: [] }
  const usual: Duels = { sold: [], took: [] }
  for (let round = 0; round < rounds; round++) {
    const parties = Array.from({ length: callers }, (_, n) => sameEvening(round, n))
    const plans = await Promise.all(parties.map(async (party) => planIn(await bookingOf(small, party))))
    await fight(ours, (n) => bookByCall(clientAt(clients, n), plans[n] ?? ''))
    await fight(usual, (n) => bookAsUsual(clientAt(clients, n), wishOf(2, sameEvening(round, n)), tries))
  }
  return { ours, usual }
}

async function fight(duels: Duels, call: (n: number) => Promise<string>): Promise<void> {
  const began = performance.now()
  const outcomes = await Promise.all([...Array(callers).keys()].map(call))
  duels.took.push(performance.now() - began)
  duels.sold.push(outcomes.filter((outcome) => outcome === 'booked').length)
}

function sameEvening(round: number, n: number): Party {
  return { ...hotParty(round * 150 + n, firstDay()), reservation_time: '19:00', party_size: 4 }
}

function clientAt(clients: pg.ClientBase[], n: number): pg.ClientBase {
  const client = clients[n]
  if (!client) throw new Error(`there are only ${clients.length} callers`)
  return client
}
