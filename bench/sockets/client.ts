/** The process that startCrowd forks: all the phones, so that what is measured shares no event loop with them. */
import { WebSocket } from 'ws'
import { figuresOf } from '../measure/figures.ts'
import { opened, Phone, type Table } from './phone.ts'
import { crowds, Setting, sides, Stretch, type Told } from './protocol.ts'

type Side = (typeof sides)[number]
type Crowd = (typeof crowds)[number]
const pingEveryMs = 20_000
const patienceMs = 20_000

const crowd = new Map<`${Side} ${Crowd}`, Table[]>()
let numbers = 0

async function gather({ origins, tables, menu_item_id }: Setting): Promise<void> {
  for (const which of crowds) {
    for (const side of sides) {
      const all: Table[] = []
      for (const [number, tokens] of tables[which].entries()) {
        const table = await seat(tokens, (token) => {
          if (side === 'plain') return new WebSocket(`${origins.plain}/parties/room/${which}-${number}`)
          return new WebSocket(`${origins[side]}/ws?batch=1`, { headers: { authorization: `Bearer ${token}` } })
        })
        if (side !== 'plain') for (const phone of table.phones) await phone.begin(menu_item_id)
        all.push(table)
      }
      crowd.set(`${side} ${which}`, all)
    }
  }
  const mine = [...crowd].flatMap(([name, all]) => (name.startsWith('plain') ? [] : all))
  setInterval(() => mine.forEach((table) => table.phones.forEach((phone) => phone.ping())), pingEveryMs)
}

async function seat(tokens: string[], open: (token: string) => WebSocket): Promise<Table> {
  const table: Table = { phones: [], waiting: new Map(), times: [], bytes: 0 }
  await Promise.all(
    tokens.map(async (token) => {
      const socket = open(token)
      numbers += 1
      table.phones.push(new Phone(table, numbers, socket))
      await opened(socket)
    }),
  )
  return table
}

async function measure({ side, crowd: which, seconds, changes_per_second }: Stretch): Promise<Told> {
  const tables = crowd.get(`${side} ${which}`) ?? []
  const phones = tables.flatMap((table) => table.phones)
  // Tables that slept while it was the others' turn are woken first.
  await flatOut(phones, performance.now())
  await seenByAll(tables)
  for (const table of tables) Object.assign(table, { times: [], bytes: 0 })
  const began = performance.now()
  const changes = await (changes_per_second === null
    ? flatOut(phones, began + seconds * 1000)
    : atPace(phones, seconds, changes_per_second))
  await seenByAll(tables)
  const took = (performance.now() - began) / 1000
  for (const table of tables) agree(table)
  const figures = figuresOf(
    tables.flatMap((table) => table.times),
    took,
    new Map([['changes', changes]]),
  )
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0)
  return { figures: { ...figures, rate: changes / took }, bytes_per_change: bytes / figures.count }
}

/** Each phone sends its next change as soon as it has seen its last; one each at the least. */
function flatOut(phones: Phone[], until: number): Promise<number> {
  return new Promise((resolve) => {
    let changes = 0
    let busy = phones.length
    const change = (phone: Phone): void => {
      changes += 1
      phone.change()
    }
    const next = (phone: Phone): void => {
      if (performance.now() < until) return change(phone)
      busy -= 1
      if (busy === 0) resolve(changes)
    }
    for (const phone of phones) {
      phone.onOwn = () => next(phone)
      change(phone)
    }
  })
}

/** One phone after the other, at an even pace, whatever becomes of what was sent before. */
async function atPace(phones: Phone[], seconds: number, perSecond: number): Promise<number> {
  for (const phone of phones) phone.onOwn = () => {}
  const began = performance.now()
  const changes = Math.round(seconds * perSecond)
  for (let n = 0; n < changes; n++) {
    const wait = began + (n * 1000) / perSecond - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    phones[n % phones.length]?.change()
  }
  return changes
}

async function seenByAll(tables: Table[]): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (tables.some((table) => table.waiting.size > 0)) {
    if (performance.now() > deadline) throw new Error('a change was not seen by all')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** All at a table have seen the same last, with its number and hash. */
function agree({ phones }: Table): void {
  if (new Set(phones.map((phone) => phone.last)).size !== 1) throw new Error('the phones of a table disagree')
}

function tell(words: Told): void {
  process.send?.(words)
}

process.on('message', (message) => {
  const stretch = Stretch.safeParse(message)
  const work = stretch.success
    ? measure(stretch.data)
    : gather(Setting.parse(message)).then((): Told => ({ ready: true }))
  work.then(tell).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
process.on('disconnect', () => process.exit(0))
