import { momentsOf, type Deed, type Wish } from '../deed.ts'
import type { House } from '../house.ts'
import { times } from '../random.ts'
import { dayAhead, seatsOf, type Scenario, type Stage } from '../stage.ts'

const minute = 60_000

export const holds: Scenario = {
  name: 'holds',
  shows: 'held, extended, confirmed late, released, lapsed, while others book: a lapsed hold refuses nobody',
  rounds: [16, 3],
  async run(stage) {
    // On a deployment each round waits for its holds to lapse: one must do.
    for (let round = 0; round < (stage.arena.powers ? stage.rounds : 1); round++) {
      await anEvening(stage, round)
      if (stage.arena.powers) await theVeryMoment(stage)
    }
    fairlyExpired(stage)
  },
}

async function anEvening(stage: Stage, round: number): Promise<void> {
  const { random, guest, crowd, violate, arena } = stage
  const tables = random.int(4, 14)
  // A deployment lives in the present only: its holds are the shortest, and waited for.
  const hold_minutes = arena.powers ? 5 : 1
  const house = await stage.open({ tables: times(tables, () => ({ seats: 2 })), hold_minutes })
  const wish: Wish = { date: dayAhead(random.int(2, 60)), time: '19:00', party: 2 }
  const began = Date.now()
  const at = (minutes: number): { moment: number | null } => ({
    moment: arena.powers ? began + minutes * minute : null,
  })

  const first = await crowd([
    ...times(tables, () => () => guest.hold(house, wish, at(0))),
    ...times(random.int(0, tables), () => () => guest.book(house, wish, at(0))),
  ])
  const held = seatsOf(first.filter((deed) => deed.verb === 'hold'))
  if (seatsOf(first).length !== tables) violate('exact', `${seatsOf(first).length} of ${tables} tables were taken`, [])

  // A minute before they lapse: a third keeps on, a third comes to a decision, some let go; others try all the while.
  const fates = held.map((seat, index) => ({
    seat,
    fate: (['extend', 'confirm', 'release', 'forget'] as const)[index % 4],
  }))
  const soon = at(hold_minutes - 1)
  const second = await crowd([
    ...fates.flatMap(({ seat, fate }) => {
      if (fate === 'forget' || fate === undefined) return []
      return [() => guest[fate](house, seat, soon)]
    }),
    ...times(tables, () => () => guest.book(house, wish, soon)),
  ])
  const kept = second.filter((deed) => deed.verb === 'extend').flatMap((deed) => deed.seat ?? [])
  await lapse(stage, began + (hold_minutes + 0.5) * minute, round)

  // What was neither kept nor confirmed stands in nobody's way, whether a sweep has run or not.
  const then = at(hold_minutes + 0.5)
  const forgotten = fates.filter(({ fate }) => fate === 'forget').map(({ seat }) => seat)
  const third = await crowd([
    ...[...kept, ...forgotten].map((seat) => () => guest.confirm(house, seat, then)),
    ...times(2 * tables, () => () => guest.book(house, wish, then)),
    ...(arena.powers && round % 3 === 0 ? [() => sweep(stage, began + (hold_minutes + 0.5) * minute)] : []),
  ])
  full(stage, house, tables, [...first, ...second, ...third.filter((deed) => deed !== null)])
}

async function lapse({ arena }: Stage, until: number, round: number): Promise<void> {
  if (!arena.powers) await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - Date.now())))
  else if (round % 3 === 1) await arena.powers.control('worker/cron', { time: new Date(until).toISOString() })
}

async function sweep({ arena }: Stage, at: number): Promise<null> {
  await arena.powers?.control('worker/cron', { time: new Date(at).toISOString() })
  return null
}

/** After all that, every table has exactly one party that stays: nothing was lost, nobody refused for a ghost. */
function full({ violate }: Stage, house: House, tables: number, deeds: Deed[]): void {
  const ended = new Set(
    deeds.filter((deed) => deed.verb === 'release' && deed.status < 300).map((deed) => deed.subject),
  )
  const reserved = seatsOf(deeds.filter((deed) => deed.verb === 'book' || deed.verb === 'confirm'))
  const staying = new Set(reserved.filter((seat) => !ended.has(seat.id)).map((seat) => seat.id))
  if (staying.size !== tables)
    violate('exact', `${staying.size} parties have ${tables} tables`, [{ house: house.name }])
}

/** A millisecond before a hold lapses it is confirmed, and a millisecond after its table is booked, at once. */
async function theVeryMoment(stage: Stage): Promise<void> {
  const { random, guest, crowd, violate } = stage
  const tables = 10
  const house = await stage.open({ tables: times(tables, () => ({ seats: 2 })) })
  const wish: Wish = { date: dayAhead(random.int(2, 60)), time: '20:00', party: 2 }
  const held = seatsOf(await crowd(times(tables, () => () => guest.hold(house, wish))))
  const ends = Math.min(...held.map((seat) => seat.expires_at ?? 0))
  const late = Math.max(...held.map((seat) => seat.expires_at ?? 0))
  const confirms = held.map((seat) => () => guest.confirm(house, seat, { moment: ends - 1 }))
  const books = times(tables, () => () => guest.book(house, wish, { moment: late + 1 }))
  const both = confirms.flatMap((confirm, index) => [confirm, ...books.slice(index, index + 1)])
  const deeds = await crowd(both)
  const sitting = seatsOf(deeds).length
  if (sitting !== tables)
    violate('exact', `${sitting} of ${tables} tables were had at the very moment`, [{ house: house.name }])
}

/** A hold is only ever called expired when it was, by the clock of whoever said so, or of whoever took its table. */
function fairlyExpired({ deeds, violate }: Stage): void {
  for (const deed of deeds.filter((one) => one.code === 'hold_expired')) {
    const lives = deeds.flatMap((one) => (one.seat?.id === deed.subject ? (one.seat?.expires_at ?? []) : []))
    const expires = Math.max(...lives)
    const passed = deeds.some(
      (one) => one.house === deed.house && one.sent_at <= deed.answered_at && momentsOf(one).last >= expires,
    )
    if (!passed) violate('hold', 'a hold was called expired before it was', [{ key: deed.key, subject: deed.subject }])
  }
}
