/** The process that startClient forks: it makes the load, so that what is measured shares no event loop with it. */
import { neon, neonConfig } from '@neondatabase/serverless'
import { Agent, request } from 'node:http'
import { closedLoop, type Caller } from '../measure/loop.ts'
import { addDays } from '../../src/platform/time.ts'
import { anyDay, hotParty, randomOf, scatteredParty, seatedParty, type Party } from '../measure/parties.ts'
import { bookingOf, readingsOf, type Statement } from '../measure/statements.ts'
import { Setting, Stretch, type Told } from './protocol.ts'

const setting = Setting.parse(JSON.parse(process.argv[2] ?? '{}'))
const agent = new Agent({ keepAlive: true, maxSockets: setting.connections })
neonConfig.fetchEndpoint = () => `${setting.control_origin}/sql`
const sql = neon(setting.database_url, { fullResults: true })

type Sent = { method: string; path: string; body?: string; key?: string }

/** Answers with the status. */
function send(origin: string, { method, path, body, key = setting.key }: Sent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    }
    const sent = request(`${origin}${path}`, { method, agent, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(String(response.statusCode)))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Answers with how many rows came. */
async function ask(statement: Statement): Promise<string> {
  const result = await sql.query(statement.query, statement.params)
  return result.rows.length > 0 ? '200' : 'no row'
}

async function callOf({ load, first_party, most }: Stretch): Promise<Caller> {
  let n = 0
  const { restaurant, first_day, read_days } = setting
  const parties = () => Array.from({ length: most }, (_, at) => scatteredParty(first_party + at, first_day))
  switch (load) {
    case 'bare':
      return () => send(setting.bare_origin, { method: 'GET', path: '/' })
    case 'book': {
      const bodies = parties().map((party) => JSON.stringify(party))
      return () => send(setting.origin, { method: 'POST', path: '/api/reservations', body: oneOf(bodies, n++) })
    }
    case 'book_statement': {
      const statements: Statement[] = []
      for (const party of parties()) statements.push(await bookingOf(restaurant, party))
      return () => ask(oneOf(statements, n++))
    }
    case 'hot':
      return crowd(most, (at) => ({ party: hotParty(first_party + at, first_day), key: setting.key }))
    case 'seated':
      return crowd(most, (at) => ({ party: seatedParty(first_party + at, addDays(first_day, 300)), key: setting.key }))
    case 'spread':
      return crowd(most, (at) => {
        const key = setting.other_keys[Math.floor(randomOf(first_party + at)() * setting.other_keys.length)]
        return { party: anyDay(first_party + at, first_day), key: key ?? setting.key }
      })
    case 'availability': {
      const paths = read_days.map((date) => `/api/availability?date=${date}&guests=${1 + (Number(date.slice(-2)) % 8)}`)
      return () => send(setting.origin, { method: 'GET', path: oneOf(paths, n++ % paths.length) })
    }
    case 'availability_statement': {
      const statements = await readingsOf(restaurant, read_days)
      return () => ask(oneOf(statements, n++ % statements.length))
    }
  }
}

/** People who book, wherever each wants to; those who come too late are told so. */
function crowd(most: number, personOf: (at: number) => { party: Party; key: string }): Caller {
  const people = Array.from({ length: most }, (_, at) => {
    const { party, key } = personOf(at)
    return { method: 'POST', path: '/api/reservations', body: JSON.stringify(party), key }
  })
  let n = 0
  return () => send(setting.origin, oneOf(people, n++))
}

function oneOf<T>(things: T[], at: number): T {
  const thing = things[at]
  if (thing === undefined) throw new Error(`${things.length} were too few for this stretch`)
  return thing
}

function tell(words: Told): void {
  process.send?.(words)
}

process.on('message', (message) => {
  const stretch = Stretch.parse(message)
  const measure = async (): Promise<void> => {
    const call = await callOf(stretch)
    tell({ figures: await closedLoop(Array<Caller>(setting.connections).fill(call), stretch.seconds) })
  }
  measure().catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
process.on('disconnect', () => process.exit(0))
tell({ ready: true })
