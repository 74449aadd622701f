import type { Seat } from '../deed.ts'
import type { House } from '../house.ts'
import { times, type Random } from '../random.ts'
import { dayAhead, later, type Stage } from '../stage.ts'

/** Some houses on a busy week. */
export async function openHouses(stage: Stage, count: number): Promise<House[]> {
  const houses: House[] = []
  for (let n = 0; n < count; n++) {
    const tables = times(6, () => ({ seats: stage.random.pick([2, 4, 6]) }))
    houses.push(await stage.open({ tables, joined: [{ tables: [0, 1], min_party: 3, max_party: 6 }] }))
  }
  return houses
}

/**
 * Everything that guests and staff do, mixed, for as long as it goes on: bookings, holds, moves, cancels. Seats are
 * taken from the list while somebody works on them, so that every refusal can be judged.
 */
export async function evening(stage: Stage, houses: House[], clients: number, goesOn: () => boolean): Promise<void> {
  const free: { house: House; seat: Seat }[] = []
  await Promise.all(
    times(clients, async (n) => {
      const random = stage.random.fork(`client ${n}`)
      while (goesOn()) {
        const one = random.next() < 0.55 ? undefined : free.splice(random.int(0, free.length), 1)[0]
        const kept = one ? await change(stage, random, one) : await take(stage, random, random.pick(houses))
        if (kept) free.push(kept)
      }
    }),
  )
}

type Taken = { house: House; seat: Seat } | undefined

function wishOf(random: Random): { date: string; time: string; party: number } {
  return { date: dayAhead(random.int(2, 4)), time: later('12:00', 15 * random.int(0, 36)), party: random.int(1, 6) }
}

async function take({ guest }: Stage, random: Random, house: House): Promise<Taken> {
  const wish = wishOf(random)
  if (random.next() < 0.8) {
    const { seat } = await guest.book(house, wish)
    return seat ? { house, seat } : undefined
  }
  const { seat } = await guest.hold(house, wish)
  if (!seat) return undefined
  if (random.next() < 0.3) await guest.extend(house, seat)
  if (random.next() < 0.2) await guest.move(house, seat, wishOf(random))
  if (random.next() < 0.3) return void (await guest.release(house, seat))
  const confirmed = await guest.confirm(house, seat)
  return confirmed.seat ? { house, seat: confirmed.seat } : undefined
}

async function change({ guest }: Stage, random: Random, { house, seat }: NonNullable<Taken>): Promise<Taken> {
  if (random.next() < 0.5) return void (await guest.cancel(house, seat))
  const moved = await guest.move(house, seat, wishOf(random))
  return { house, seat: moved.seat ?? seat }
}
