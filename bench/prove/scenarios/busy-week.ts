import type { Scenario, Stage } from '../stage.ts'
import { evening, openHouses } from './evening.ts'

export const busyWeek: Scenario = {
  name: 'busy-week',
  shows: 'everything at once, nothing broken: the measure for the scenarios under faults',
  rounds: [6, 1],
  run: aWhile,
}

export const hangUps: Scenario = {
  name: 'hang-ups',
  shows: 'clients lose the line before the answer comes, and ask again under the same key while the first still runs',
  rounds: [4, 1],
  faulty: true,
  impatience: (random) => (random.next() < 0.35 ? random.int(2, 120) : null),
  run: aWhile,
}

async function aWhile(stage: Stage): Promise<void> {
  const houses = await openHouses(stage, 3)
  const ends = performance.now() + stage.rounds * 1_500
  await evening(stage, houses, stage.clients, () => performance.now() < ends)
}
