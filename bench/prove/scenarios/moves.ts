import type { Deed, Seat, Wish } from '../deed.ts'
import { times } from '../random.ts'
import { dayAhead, later, seatsOf, type Scenario, type Stage } from '../stage.ts'

export const moves: Scenario = {
  name: 'moves',
  shows: 'many drag parties onto one table, across days, while others cancel and book; the old table is kept',
  rounds: [12, 2],
  async run(stage) {
    for (let round = 0; round < stage.rounds; round++) {
      await oneTable(stage)
      await acrossDays(stage)
      await cancels(stage)
    }
  },
}

/** A dozen parties want the window at eight: one gets it, the others keep what they had. */
async function oneTable(stage: Stage): Promise<void> {
  const { random, guest, crowd, violate } = stage
  const house = await stage.open({ tables: times(8, () => ({ seats: 4 })) })
  const date = dayAhead(random.int(2, 60))
  const before = await crowd(
    times(14, (n) => () => guest.book(house, { date, time: n % 2 ? '12:00' : '14:00', party: 4 })),
  )
  const [window] = house.tables
  if (!window) return
  const wish: Wish = { date, time: '20:00', party: 4, table_id: window.id }
  const deeds = await crowd(seatsOf(before).map((seat) => () => guest.move(house, seat, wish)))
  const had = deeds.filter((deed) => deed.status === 200).length
  if (had !== 1) violate('exact', `${had} parties were moved to one table`, [{ house: house.name, wish }])
}

/** One evening moves to the next while the next moves to the one: locks taken out of order would embrace for ever. */
async function acrossDays(stage: Stage): Promise<void> {
  const { random, guest, crowd } = stage
  const house = await stage.open({ tables: times(10, () => ({ seats: random.pick([2, 4]) })) })
  const day = random.int(2, 60)
  const [one, other] = [dayAhead(day), dayAhead(day + 1)]
  const before = await crowd(
    times(
      36,
      (n) => () => guest.book(house, { date: n % 2 ? one : other, time: later('18:00', 30 * (n % 5)), party: 2 }),
    ),
  )
  const deeds = await crowd(
    seatsOf(before).flatMap((seat) => {
      const date = seat.starts_at < Date.parse(`${other}T00:00:00+08:00`) ? other : one
      const wish = { date, time: later('17:30', 30 * random.int(0, 8)), party: random.int(1, 4) }
      return [
        () => guest.move(house, seat, wish),
        () => guest.move(house, seat, { ...wish, time: later(wish.time, 15) }),
      ]
    }),
  )
  staleOnlyTogether(stage, deeds)
}

/** Sold out, then some cancel while many try: in the end every table is taken again. */
async function cancels(stage: Stage): Promise<void> {
  const { random, guest, crowd, violate } = stage
  const tables = random.int(4, 16)
  const house = await stage.open({ tables: times(tables, () => ({ seats: 2 })) })
  const wish: Wish = { date: dayAhead(random.int(2, 60)), time: '19:30', party: 2 }
  const before = seatsOf(await crowd(times(tables, () => () => guest.book(house, wish))))
  const leaving = before.filter(() => random.next() < 0.5)
  const meanwhile = await crowd(
    mixed([
      leaving.map((seat) => () => guest.cancel(house, seat)),
      times(2 * tables, () => () => guest.book(house, wish)),
      before.slice(0, 3).map((seat) => () => guest.move(house, seat, { ...wish, time: '19:45' })),
    ]),
  )
  const after = await crowd(times(tables, () => () => guest.book(house, wish)))
  const sitting = sittingAfter([...meanwhile, ...after], before)
  if (sitting !== tables)
    violate('exact', `${sitting} parties have ${tables} tables after cancels`, [{ house: house.name }])
}

function mixed<Task>(lists: Task[][]): Task[] {
  const longest = Math.max(...lists.map((list) => list.length))
  return times(longest, (index) => lists.flatMap((list) => list.slice(index, index + 1))).flat()
}

function sittingAfter(deeds: Deed[], before: Seat[]): number {
  const sitting = new Set([...before, ...seatsOf(deeds.filter((deed) => deed.verb === 'book'))].map((seat) => seat.id))
  for (const deed of deeds) if (deed.verb === 'cancel' && deed.status < 300) sitting.delete(deed.subject ?? '')
  return sitting.size
}

/** Changed meanwhile, it says: then somebody changed it meanwhile. */
function staleOnlyTogether({ violate }: Stage, deeds: Deed[]): void {
  for (const deed of deeds.filter((one) => one.code === 'stale_version')) {
    const rival = deeds.find(
      (one) => one !== deed && one.subject === deed.subject && one.status < 300 && one.answered_at >= deed.sent_at,
    )
    if (!rival)
      violate('stale', 'called changed although nobody changed it', [{ key: deed.key, subject: deed.subject }])
  }
}
