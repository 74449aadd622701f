import type { Deed, Wish } from '../deed.ts'
import type { House } from '../house.ts'
import { times } from '../random.ts'
import { dayAhead, type Scenario, type Stage } from '../stage.ts'

export const keys: Scenario = {
  name: 'keys',
  shows: 'one Idempotency-Key, fifty at once and again later: one effect, one answer; another body is refused',
  rounds: [20, 4],
  async run(stage) {
    const { random, guest, crowd } = stage
    for (let round = 0; round < stage.rounds; round++) {
      const house = await stage.open({ tables: times(30, () => ({ seats: 4 })) })
      const wish: Wish = { date: dayAhead(random.int(2, 60)), time: '19:00', party: 2 }
      const manner = { key: `tap-${round}`, phone: '98207272', shape: round }
      const booked = await crowd(times(50, () => () => guest.book(house, wish, manner)))
      same(stage, booked, 201)

      const [seat] = booked.flatMap((deed) => deed.seat ?? [])
      if (!seat) continue
      const moved = await crowd(
        times(50, () => () => guest.move(house, seat, { ...wish, time: '20:00' }, { key: `drag-${round}` })),
      )
      same(stage, moved, 200)
      // Long after, and while the reservation has changed: the first answer still.
      same(stage, [...booked.slice(0, 1), ...(await crowd(times(3, () => () => guest.book(house, wish, manner))))], 201)
      const cancelled = await crowd(times(50, () => () => guest.cancel(house, seat, { key: `go-${round}` })))
      same(stage, cancelled, 200)
      await otherBody(stage, house, wish, manner.key, round)
      await refusedOnce(stage, round)
    }
  },
}

function same({ violate }: Stage, deeds: Deed[], status: number): void {
  const answers = new Set(deeds.map((deed) => `${deed.status} ${deed.text}`))
  if (answers.size !== 1 || deeds.some((deed) => deed.status !== status))
    violate(
      'O3 answers',
      `${deeds.length} of one key had ${answers.size} answers`,
      [...answers].map((one) => one.slice(0, 400)),
    )
}

/** Another body, and another verb, under a key that was used. */
async function otherBody(stage: Stage, house: House, wish: Wish, key: string, round: number): Promise<void> {
  const { guest, crowd, violate } = stage
  const others = await crowd([
    ...times(6, () => () => guest.book(house, { ...wish, party: 3 }, { key, phone: '98207272', shape: round })),
    () => guest.hold(house, wish, { key }),
  ])
  const taken = others.filter((deed) => deed.status !== 422 || deed.code !== 'idempotency_key_reused')
  if (taken.length > 0)
    violate(
      'O3 reuse',
      `${taken.length} other requests under a used key were not refused`,
      taken.map((deed) => deed.text),
    )
}

/** A refusal is an answer too: the table that is free by then does not change it. */
async function refusedOnce(stage: Stage, round: number): Promise<void> {
  const { guest, violate } = stage
  const house = await stage.open({ tables: [{ seats: 2 }] })
  const wish: Wish = { date: dayAhead(3), time: '19:00', party: 2 }
  const manner = { key: `late-${round}`, phone: '98207272', shape: 1 }
  const { seat } = await guest.book(house, wish)
  const first = await guest.book(house, wish, manner)
  if (seat) await guest.cancel(house, seat)
  const again = await guest.book(house, wish, manner)
  if (first.code !== 'sold_out' || again.code !== 'sold_out')
    violate('O3 answers', 'a refusal was not repeated', [first.text, again.text])
}
