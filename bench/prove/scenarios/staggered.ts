import { times } from '../random.ts'
import { dayAhead, later, type Scenario } from '../stage.ts'

export const staggered: Scenario = {
  name: 'staggered',
  shows:
    'starts a quarter of an hour apart, parties and turns of every length, also across the change of the service day',
  rounds: [16, 3],
  async run(stage) {
    const { random, guest, crowd } = stage
    for (let round = 0; round < stage.rounds; round++) {
      // The service day changes at five: what sits across it is two days' business, and two locks'.
      const night = round % 3 === 1
      const house = await stage.open({
        tables: [...times(random.int(4, 12), () => ({ seats: random.pick([2, 4, 6]) })), { seats: 8, min_party: 3 }],
        buffer_minutes: random.pick([0, 15, 25]),
        ...(night ? { opens: '00:00', closes: '24:00' } : {}),
      })
      const date = dayAhead(random.int(2, 60))
      const [first, quarters] = night ? ['02:30', 14] : ['17:00', 16]
      const wishes = times(stage.quick ? 130 : 220, () => ({
        date,
        time: later(first, 15 * random.int(0, quarters)),
        party: random.pick([1, 2, 2, 2, 3, 4, 4, 5, 6, 7, 8, 9]),
      }))
      await crowd(wishes.map((wish) => () => guest.book(house, wish)))
    }
  },
}
