import { insertPlatformKey } from '../../local/keys.ts'
import { startStack } from '../../local/stack.ts'
import { openHouse, type House } from '../../test/factories.ts'
import { Screen, until } from '../../test/floor/screens.ts'
import { figuresOf, inTurns, medianOf, ratioOf, type Figures } from '../measure/figures.ts'
import { firstDay, seatedParty } from '../measure/parties.ts'
import { room } from '../measure/room.ts'
import { ms, perSecond, type Row } from '../measure/table.ts'
import type { Options } from './part.ts'

const consoles = 60
/** A busy evening has a change every few seconds; this is one of a house that is a hundred times as busy. */
const changes_per_second = 20

/** From the sending of a change until a console has heard of it, next to how long its own answer took. */
export async function feed({ seconds, rounds, say }: Options): Promise<Row[]> {
  await using started = new AsyncDisposableStack()
  const stack = await startStack()
  started.defer(() => stack.stop())
  await insertPlatformKey(stack.database_url)
  const { name: _name, ...changes } = room
  const house = await openHouse(stack, changes)
  const screens = Array.from({ length: consoles }, () => new Screen(stack.origin, { key: house.key }))
  started.defer(() => screens.forEach((screen) => screen.drop()))
  await Promise.all(screens.map((screen) => screen.resume()))
  await until(() => screens.every((screen) => screen.snapshots === 1))

  say(`feed: ${rounds} rounds of ${seconds} s, ${changes_per_second} changes a second, ${consoles} consoles`)
  let party = 0
  let answers: Figures[] = []
  const measured = await inTurns(rounds, {
    seen: async (round) => {
      const { seen, answered } = await evening(house, screens, seconds, () => party++)
      answers = round === 0 ? [] : [...answers, answered]
      return seen
    },
  })
  if (screens.some((screen) => screen.gaps > 0 || screen.snapshots !== 1)) throw new Error('a console missed a number')
  const [seen, answered] = [medianOf(measured.seen), medianOf(answers)]
  return [
    {
      what: `a change seen on ${consoles} consoles, since it was sent`,
      ours: `p50 ${ms(seen.p50)}, p99 ${ms(seen.p99)}, ${perSecond(seen.rate)} heard`,
      yardstick: `p50 ${ms(answered.p50)}, p99 ${ms(answered.p99)}: its own answer`,
      ratio: ratioOf(measured.seen, answers, 'p50'),
      aim: null,
      holds: seen.p99 < 1_000,
    },
  ]
}

/** Bookings at an even pace, whatever becomes of those before, until every console has heard of every one. */
async function evening(
  house: House,
  screens: Screen[],
  seconds: number,
  next: () => number,
): Promise<{ seen: Figures; answered: Figures }> {
  const sent = new Map<string, number>()
  const seen: number[] = []
  const answers: number[] = []
  for (const screen of screens) {
    screen.onEvent = ({ event, request_id }) => {
      const at = sent.get(request_id)
      if (at !== undefined && event === 'reservation.booked') seen.push(performance.now() - at)
    }
  }
  const book = async (): Promise<void> => {
    const request_id = `bench-${crypto.randomUUID()}`
    const at = performance.now()
    sent.set(request_id, at)
    const answer = await house.call('POST', '/reservations', seatedParty(next(), firstDay()), {
      'x-request-id': request_id,
    })
    if (answer.status !== 201) throw new Error(`not booked: ${JSON.stringify(answer.body)}`)
    answers.push(performance.now() - at)
  }
  const began = performance.now()
  const all: Promise<void>[] = []
  for (let n = 0; n < seconds * changes_per_second; n++) {
    all.push(book())
    const wait = began + ((n + 1) * 1000) / changes_per_second - performance.now()
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)))
  }
  await Promise.all(all)
  await until(() => seen.length >= all.length * screens.length, 'that all was seen')
  const took = (performance.now() - began) / 1000
  return { seen: figuresOf(seen, took, new Map()), answered: figuresOf(answers, took, new Map()) }
}
