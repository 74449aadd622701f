import { seatsOf, dayAhead, type Scenario, type Stage } from '../stage.ts'
import type { Deed, Seat, Wish } from '../deed.ts'
import { agentOf, type Agent, type Door, type Prepared } from '../doors.ts'
import { mcp, mcpInCall } from '../doors-mcp.ts'
import { voiceSocket } from '../doors-socket.ts'
import { vapi } from '../doors-vapi.ts'
import type { House } from '../house.ts'
import { times } from '../random.ts'

const spoken: Door[] = [mcp, mcpInCall, vapi, voiceSocket]
const minute = 60_000

export const doors: Scenario = {
  name: 'doors',
  shows: 'guests at the web, assistants and callers race for the same tables through every door: exactly min(n, m) sit',
  rounds: [12, 2],
  async run(stage) {
    const agent = agentOf(stage.arena, (deed) => stage.deeds.push(deed))
    for (let round = 0; round < stage.rounds; round++) await anEvening(stage, agent, round)
  },
}

async function anEvening(stage: Stage, agent: Agent, round: number): Promise<void> {
  const { random, crowd, arena } = stage
  const tables = random.int(12, 24)
  const house = await stage.open({ tables: times(tables, () => ({ seats: 2 })) })
  const wish: Wish = { date: dayAhead(random.int(2, 60)), time: '19:00', party: 2 }
  const evening = { stage, agent, house, wish, tables }

  // Agents begin, for their guests take longer than those at the web; then everybody at once, through each door in turn.
  const early = await crowd(await rivals(evening, Math.floor(tables / 2), { agents: true }))
  const others = await rivals(evening, round % 3 === 2 ? random.int(1, Math.floor(tables / 2)) : 2 * tables)
  const first = [...early, ...(await crowd(others))]
  exactly(evening, 'took a table', Math.min(tables, first.length), first.flatMap((one) => one ?? []).length)

  // Some say yes, some twice at once, some want another time, some hang up; others call all the while.
  const kept = first.flatMap((one) => (one && 'token' in one ? one : []))
  const fates = kept.map((one, n) => ({ one, fate: fateOf(one, n, arena.powers !== null) }))
  const second = await crowd<Took[]>([
    ...fates.flatMap(({ one, fate }) => decide(evening, one, fate)),
    ...(await rivals(evening, tables)).map((rival) => async () => [await rival()]),
  ])
  const late = second.flat().flatMap((one) => (one && 'token' in one ? one : []))
  await crowd(late.map((one) => () => agent.commit(one)))

  // What was let go is had by whoever comes next; the silent ones' tables once their holds have lapsed.
  const third = await crowd(await rivals(evening, tables))
  await crowd(third.flatMap((one) => (one && 'token' in one ? [() => agent.commit(one)] : [])))
  if (arena.powers) await lapsed(evening)
  full(evening)
}

type Evening = { stage: Stage; agent: Agent; house: House; wish: Wish; tables: number }
/** What a rival came away with: a reservation, a table that is kept while it is read back, or nothing. */
type Took = Seat | Prepared | null
type Fate = 'yes' | 'twice' | 'other_time' | 'hangs_up' | 'silent'

let called = 0

/** As many as that, through each door in turn; the lines are open, so that nobody begins later than the others. */
async function rivals(
  evening: Evening,
  count: number,
  { agents = false, moment = null }: { agents?: boolean; moment?: number | null } = {},
): Promise<(() => Promise<Took>)[]> {
  const { stage, agent, house, wish } = evening
  const offered: (Door | null)[] = agents ? spoken : [null, ...spoken]
  const tasks = times(count, (n) => async (): Promise<() => Promise<Took>> => {
    const door = offered[n % offered.length]
    if (!door) return async () => (await stage.guest.book(house, wish, { moment })).seat
    called += 1
    const phone = `+65970${String(called % 100_000).padStart(5, '0')}`
    const line = await door.open(stage.arena, house, phone, moment)
    return () => agent.prepare(line, house, wish, phone, { moment })
  })
  return stage.crowd(tasks)
}

function fateOf({ line }: Prepared, n: number, mayWait: boolean): Fate {
  const fate = (['yes', 'twice', 'other_time', 'hangs_up', 'yes', 'hangs_up'] as const)[n % 6] ?? 'yes'
  // Without a call nothing is moved and nothing hung up: a second wish is a second hold, and the first lapses.
  if (line.hangUp !== null) return fate
  return fate === 'twice' ? 'twice' : fate === 'hangs_up' && mayWait ? 'silent' : 'yes'
}

function decide({ agent, house, wish }: Evening, one: Prepared, fate: Fate): (() => Promise<Took[]>)[] {
  const yes = (key?: string) => async (): Promise<Took[]> => [(await agent.commit(one, key ? { key } : {})).seat]
  switch (fate) {
    case 'yes':
      return [yes()]
    case 'twice': {
      const key = one.line.nextKey?.() ?? `${house.name}:twice:${one.seat.id}`
      return times(3, () => yes(key))
    }
    case 'other_time':
      return [() => anotherTime(agent, one, { ...wish, time: '21:00' })]
    case 'hangs_up':
      return [async () => [(await agent.hangUp(one))?.seat ?? null]]
    case 'silent':
      return []
  }
}

/** One wish a call: the table moves to the second, and only that is said yes to. */
async function anotherTime(agent: Agent, one: Prepared, wish: Wish): Promise<Took[]> {
  const moved = await agent.prepare(one.line, one.house, wish, one.phone, { before: one })
  return moved ? [(await agent.commit(moved)).seat] : []
}

/** A prepared booking that nobody said yes to refuses nobody once its hold has lapsed, with no job having run. */
async function lapsed(evening: Evening): Promise<void> {
  const { stage, agent, tables } = evening
  const moment = Date.now() + 6 * minute
  const took = await stage.crowd(await rivals(evening, tables, { moment }))
  await stage.crowd(took.flatMap((one) => (one && 'token' in one ? [() => agent.commit(one, { moment })] : [])))
}

/** In the end every table has one party at seven, and each of them was told so. */
function full(evening: Evening): void {
  const { stage, house, wish, tables } = evening
  const last = new Map<string, Seat>()
  const own = stage.deeds.filter((deed: Deed) => deed.house === house)
  for (const seat of seatsOf(own)) if ((last.get(seat.id)?.version ?? 0) < seat.version) last.set(seat.id, seat)
  const at = Date.parse(`${wish.date}T${wish.time}:00+08:00`)
  const sitting = [...last.values()].filter((seat) => seat.status === 'confirmed' && seat.starts_at === at)
  exactly(evening, 'sit at seven', tables, sitting.length)
}

function exactly({ stage, house }: Evening, what: string, due: number, had: number): void {
  if (due !== had) stage.violate('exact', `${had} ${what}, and not ${due}`, [{ house: house.name }])
}
