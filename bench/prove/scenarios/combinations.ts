import { times } from '../random.ts'
import { dayAhead, later, type Scenario } from '../stage.ts'

export const combinations: Scenario = {
  name: 'combinations',
  shows: 'large parties take joined tables that others want alone or joined otherwise',
  rounds: [16, 3],
  async run(stage) {
    const { random, guest, crowd, violate } = stage
    for (let round = 0; round < stage.rounds; round++) {
      const house = await stage.open({
        tables: [2, 4, 4, 4, 2, 2, 6].map((seats) => ({ seats })),
        // Each shares a table with the next, and the large ones with several.
        joined: [
          { tables: [0, 1], min_party: 5, max_party: 6 },
          { tables: [1, 2], min_party: 5, max_party: 8 },
          { tables: [2, 3], min_party: 7, max_party: 8 },
          { tables: [1, 2, 3], min_party: 9, max_party: 12 },
          { tables: [3, 4, 5, 6], min_party: 9, max_party: 14 },
        ],
      })
      const date = dayAhead(random.int(2, 60))
      const mixed = times(100, () => ({
        date,
        time: later('12:00', 15 * random.int(0, 10)),
        party: random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15]),
      }))
      await crowd(mixed.map((wish) => () => guest.book(house, wish)))

      // Both ways to seat twelve need the fourth table: of many at once, exactly one such party sits.
      const large = times(20, () => ({ date, time: '19:00', party: 12 }))
      const deeds = await crowd(large.map((wish) => () => guest.book(house, wish)))
      const booked = deeds.filter((deed) => deed.status === 201).length
      if (booked !== 1) violate('exact', `${booked} parties of twelve share a table`, [{ house: house.name, date }])
    }
  },
}
