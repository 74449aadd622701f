import { times } from '../random.ts'
import { dayAhead, type Scenario } from '../stage.ts'

export const sameSlot: Scenario = {
  name: 'same-slot',
  shows: 'm parties want n tables at one time: exactly min(n, m) sit',
  rounds: [30, 4],
  async run(stage) {
    const { random, guest, crowd, violate } = stage
    for (let round = 0; round < stage.rounds; round++) {
      const tables = random.int(1, 24)
      const parties = round % 4 === 3 ? random.int(1, tables) : random.int(tables, 90)
      const house = await stage.open({ tables: times(tables, () => ({ seats: random.pick([2, 2, 4, 6]) })) })
      const wish = { date: dayAhead(random.int(2, 60)), time: random.pick(['18:00', '19:00', '20:30']), party: 2 }
      const deeds = await crowd(times(parties, () => () => guest.book(house, wish)))
      const booked = deeds.filter((deed) => deed.status === 201).length
      if (booked !== Math.min(tables, parties))
        violate('exact', `${parties} parties, ${tables} tables, ${booked} booked`, [{ house: house.name, wish }])
    }
  },
}
