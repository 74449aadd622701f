import type { Wish } from '../deed.ts'
import { times } from '../random.ts'
import { dayAhead, later, type Scenario } from '../stage.ts'

const rivals = 10

export const duels: Scenario = {
  name: 'duels',
  shows: 'ten clients for the last table: exactly one has it, every time',
  rounds: [1_000, 100],
  async run(stage) {
    const { guest, crowd, violate } = stage
    const perHouse = 250
    let won = 0
    for (let done = 0; done < stage.rounds; done += perHouse) {
      const house = await stage.open({ tables: [{ seats: 2 }] })
      // Each duel has an evening's time of its own; those of one day share its lock, others run beside.
      const wishes = times(Math.min(perHouse, stage.rounds - done), (n): Wish => {
        return { date: dayAhead(2 + (n % 60)), time: later('12:00', 105 * Math.floor(n / 60)), party: 2 }
      })
      const deeds = await crowd(wishes.flatMap((wish) => times(rivals, () => () => guest.book(house, wish))))
      for (const wish of wishes) {
        const winners = deeds.filter((deed) => deed.status === 201 && deed.wish === wish)
        if (winners.length === 1) won += 1
        else violate('exact', `${winners.length} of ${rivals} had the last table`, [{ house: house.name, wish }])
      }
    }
    if (won !== stage.rounds) violate('exact', `${won} of ${stage.rounds} duels had one winner`)
  },
}
