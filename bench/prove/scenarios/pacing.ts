import type { Deed } from '../deed.ts'
import { times } from '../random.ts'
import { dayAhead, seatsOf, type Scenario, type Stage } from '../stage.ts'

export const pacing: Scenario = {
  name: 'pacing',
  shows: 'the kitchen’s caps are reached and never passed, while tables are plenty',
  rounds: [10, 2],
  async run(stage) {
    for (let round = 0; round < stage.rounds; round++) {
      await parties(stage)
      await covers(stage)
      await moves(stage)
      await overFive(stage)
    }
  },
}

const room = { tables: times(50, () => ({ seats: 4 })) }
/** Both arrive in the slot that begins at seven. */
const quarters = ['19:00', '19:15']

async function parties(stage: Stage): Promise<void> {
  const { random, guest } = stage
  const cap = random.int(1, 12)
  const house = await stage.open({ ...room, pacing: { max_parties_per_slot: cap, max_covers_per_slot: null } })
  const date = dayAhead(random.int(2, 60))
  const wishes = times(70, () => ({ date, time: random.pick(quarters), party: random.int(1, 4) }))
  const deeds = await stage.crowd(wishes.map((wish) => () => guest.book(house, wish)))
  exactly(stage, 'parties', seatsOf(deeds).length, cap)
}

async function covers(stage: Stage): Promise<void> {
  const { random, guest } = stage
  const cap = random.int(8, 40)
  const house = await stage.open({ ...room, pacing: { max_parties_per_slot: null, max_covers_per_slot: cap } })
  const date = dayAhead(random.int(2, 60))
  const mixed = times(60, () => ({ date, time: random.pick(quarters), party: random.int(2, 4) }))
  const alone = times(10, () => ({ date, time: '19:00', party: 1 }))
  const deeds: Deed[] = []
  // Then single guests fill what no larger party could.
  for (const wishes of [mixed, alone])
    deeds.push(...(await stage.crowd(wishes.map((wish) => () => guest.book(house, wish)))))
  exactly(
    stage,
    'covers',
    seatsOf(deeds).reduce((sum, seat) => sum + seat.party, 0),
    cap,
  )
}

/** Parties that move into a slot count there as those that book it. */
async function moves(stage: Stage): Promise<void> {
  const { random, guest } = stage
  const cap = random.int(2, 12)
  const house = await stage.open({ ...room, pacing: { max_parties_per_slot: cap, max_covers_per_slot: 4 * cap } })
  const date = dayAhead(random.int(2, 60))
  const early = ['17:00', '17:30', '18:00', '18:30', '20:00', '20:30']
  const before = await stage.crowd(
    times(12, (n) => () => guest.book(house, { date, time: early[n % 6] ?? '', party: 2 })),
  )
  const wish = (): { date: string; time: string; party: number } => ({ date, time: random.pick(quarters), party: 2 })
  const deeds = await stage.crowd([
    ...seatsOf(before).map((seat) => () => guest.move(house, seat, wish())),
    ...times(30, () => () => guest.book(house, wish())),
  ])
  exactly(stage, 'parties, some of them moved there', seatsOf(deeds).length, cap)
}

/** A slot that lies in two service days is one slot. */
async function overFive(stage: Stage): Promise<void> {
  const { random, guest } = stage
  const cap = random.int(1, 8)
  const house = await stage.open({
    ...room,
    opens: '00:30',
    slot_minutes: 60,
    turn_rules: [{ max_party: 1000, minutes: 20 }],
    pacing: { max_parties_per_slot: cap, max_covers_per_slot: null },
  })
  const date = dayAhead(random.int(2, 60))
  const wishes = times(40, () => ({ date, time: random.pick(['04:30', '04:45', '05:00', '05:15']), party: 2 }))
  const deeds = await stage.crowd(wishes.map((wish) => () => guest.book(house, wish)))
  exactly(stage, 'parties before and after five', seatsOf(deeds).length, cap)
}

function exactly({ violate }: Stage, what: string, count: number, cap: number): void {
  if (count !== cap) violate('pacing', `${count} ${what} where the cap is ${cap}`)
}
