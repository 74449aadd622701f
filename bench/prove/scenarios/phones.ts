import { times } from '../random.ts'
import { dayAhead, later, type Scenario } from '../stage.ts'

export const phones: Scenario = {
  name: 'phones',
  shows: 'one phone, ten tabs, each with a key of its own: one table, also where the tabs ask for different days',
  rounds: [12, 2],
  async run(stage) {
    const { random, guest, crowd, violate } = stage
    for (let round = 0; round < stage.rounds; round++) {
      for (const per_phone of ['no_overlap', 'one_upcoming'] as const) {
        const house = await stage.open({ tables: times(20, () => ({ seats: 2 })), per_phone })
        const day = random.int(2, 60)
        const wish = (n: number): { date: string; time: string; party: number } =>
          per_phone === 'no_overlap'
            ? { date: dayAhead(day), time: later('19:00', 15 * (n % 5)), party: 2 }
            : { date: dayAhead(day + n), time: '19:00', party: 2 }
        const deeds = await crowd(times(30, (n) => () => guest.book(house, wish(n), { phone: '98207272' })))
        const booked = deeds.filter((deed) => deed.status === 201).length
        if (booked !== 1) violate('exact', `one phone has ${booked} tables under ${per_phone}`, [{ house: house.name }])
        const [guests] = await stage.arena.sql('select count(*)::int as n from guests where restaurant_id = $1', [
          house.id,
        ])
        if (guests?.['n'] !== 1)
          violate('guest', `one phone is ${String(guests?.['n'])} guests`, [{ house: house.name }])
      }
    }
  },
}
