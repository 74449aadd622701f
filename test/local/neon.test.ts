import { rmSync } from 'node:fs'
import { neon, neonConfig, NeonDbError, Pool } from '@neondatabase/serverless'
import { sql as text } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/neon-http'
import { drizzle as drizzlePool } from 'drizzle-orm/neon-serverless'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startPostgres, type Postgres } from '../../local/postgres.ts'
import { startServices, type Services } from '../../local/services.ts'
import { makeFolder } from './temporary.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const directory = makeFolder()
let postgres: Postgres
let services: Services
/** The driver insists on a real URL; the proxy is reached by neonConfig, whatever host this names. */
let connection_string: string

beforeAll(async () => {
  postgres = await startPostgres({ directory, port: 0, settings: { fsync: 'off' } })
  services = await startServices({ port: 0, database: { host: '127.0.0.1', port: postgres.port } }, async () => ({}))
  connection_string = postgres.url.replace(/127.0.0.1:\d+/, 'ep-quiet-table.eu.aws.neon.tech') + '?sslmode=require'
  neonConfig.fetchEndpoint = () => `${services.origin}/sql`
  neonConfig.wsProxy = () => `127.0.0.1:${services.port}/v2`
  neonConfig.useSecureWebSocket = false
  await neon(connection_string)`create table notes (id int primary key, note text not null)`
})
afterAll(async () => {
  await services.stop()
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

beforeEach(() => control('POST', 'reset'))
afterEach(async () => {
  await control('POST', 'fail', { next: 0 })
  await control('POST', 'latency', { ms: 0 })
  await neon(connection_string)`delete from notes`
})

async function control(method: 'GET' | 'POST', path: string, body?: unknown) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(`${services.origin}/neon/${path}`, { method, ...sent })
  const answer: unknown = await response.json()
  return { status: response.status, answer }
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => error,
  )
}

async function notes(): Promise<unknown[]> {
  return neon(connection_string)`select id from notes order by id`
}

function insert(id: number) {
  return neon(connection_string)`insert into notes values (${id}, 'x')`
}

/** Which of forty requests a fault of probability one half hits. */
async function drawnBy(seed: number): Promise<boolean[]> {
  await control('POST', 'fail', { mode: 'error_code', probability: 0.5, seed })
  const hit: boolean[] = []
  for (let n = 0; n < 40; n++) hit.push((await failure(notes())) !== 'no failure')
  return hit
}

describe('over HTTP', () => {
  test('a query answers with values of their types', async () => {
    const rows = await neon(connection_string)`
      select ${1}::int as one, ${'x'}::text as x, ${[1, 2]}::int[] as list, '{"a": [1]}'::jsonb as json,
        12.50::numeric as amount, 9007199254740993::bigint as big, null::text as nothing, ${true}::boolean as yes,
        timestamptz '2026-11-21 19:30:00+08' as at, ${Buffer.from('\u0001é')}::bytea as bytes,
        ${{ table: 4 }}::jsonb as object, tstzrange('2026-11-21 19:30+08', null) as during`
    expect(rows).toEqual([
      {
        one: 1,
        x: 'x',
        list: [1, 2],
        json: { a: [1] },
        amount: '12.50',
        big: '9007199254740993',
        nothing: null,
        yes: true,
        at: new Date('2026-11-21T11:30:00Z'),
        bytes: Buffer.from('\u0001é'),
        object: { table: 4 },
        during: '["2026-11-21 11:30:00+00",)',
      },
    ])
  })

  test('full results carry command, count and fields', async () => {
    const sql = neon(connection_string, { fullResults: true })
    const result = await sql`insert into notes values (1, 'one'), (2, 'two') returning id`
    expect(result).toMatchObject({ command: 'INSERT', rowCount: 2, rows: [{ id: 1 }, { id: 2 }] })
    expect(result.fields).toEqual([expect.objectContaining({ name: 'id', dataTypeID: 23 })])
  })

  test('an error keeps its SQLSTATE and its facts', async () => {
    const sql = neon(connection_string)
    await sql`insert into notes values (1, 'one')`
    const error = await failure(sql`insert into notes values (1, 'again')`)
    expect(error).toBeInstanceOf(NeonDbError)
    expect(error).toMatchObject({
      code: '23505',
      severity: 'ERROR',
      table: 'notes',
      schema: 'public',
      constraint: 'notes_pkey',
      detail: 'Key (id)=(1) already exists.',
      routine: '_bt_check_unique',
    })
    expect(await failure(sql.query('selec'))).toMatchObject({ code: '42601', position: '1' })
  })

  test('two statements in one text are refused', async () => {
    expect(await failure(neon(connection_string).query('select 1; select 2'))).toMatchObject({ code: '42601' })
  })

  test('a transaction left open does not reach the next caller', async () => {
    const sql = neon(connection_string)
    await sql.query('begin')
    await vi.waitUntil(async () => {
      const [open] = await sql`select count(*)::int as n from pg_stat_activity where state = 'idle in transaction'`
      return open?.['n'] === 0
    })
  })

  test.each([
    ['no connection string', {}, '{"query": "select 1"}'],
    ['a body that is no query', { 'neon-connection-string': 'postgres://a:b@c/d' }, '{"text": "select 1"}'],
    ['a body that is no JSON', { 'neon-connection-string': 'postgres://a:b@c/d' }, 'select 1'],
    [
      'an unknown isolation level',
      { 'neon-connection-string': 'postgres://a:b@c/d', 'neon-batch-isolation-level': 'Best' },
      '{"queries": []}',
    ],
  ])('%s is a 400 with a message', async (_what, headers, body) => {
    const response = await fetch(`${services.origin}/sql`, { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ message: expect.stringMatching(/\w/) })
  })

  test('a wrong password or database is a 400 with its code', async () => {
    const stranger = connection_string.replace('tableside:tableside', 'tableside:wrong')
    expect(await failure(neon(stranger)`select 1`)).toMatchObject({ code: '28P01' })
    const elsewhere = connection_string.replace('/tableside?', '/elsewhere?')
    expect(await failure(neon(elsewhere)`select 1`)).toMatchObject({ code: '3D000' })
  })
})

describe('a batch', () => {
  test('is one transaction, with the isolation asked for', async () => {
    const sql = neon(connection_string)
    const settings = { isolationLevel: 'Serializable', readOnly: true, deferrable: true } as const
    const results = await sql.transaction(
      [
        sql`select current_setting('transaction_isolation') as isolation`,
        sql`select current_setting('transaction_read_only') as read_only`,
        sql`select current_setting('transaction_deferrable') as deferrable`,
      ],
      settings,
    )
    expect(results).toEqual([[{ isolation: 'serializable' }], [{ read_only: 'on' }], [{ deferrable: 'on' }]])
    const plain = await sql.transaction([sql`select current_setting('transaction_isolation') as isolation`])
    expect(plain).toEqual([[{ isolation: 'read committed' }]])
  })

  test('leaves nothing when one statement fails', async () => {
    const sql = neon(connection_string)
    expect(await failure(sql.transaction([insert(1), insert(2), insert(1)]))).toMatchObject({ code: '23505' })
    expect(await notes()).toEqual([])
    await sql.transaction([insert(1), insert(2)])
    expect(await notes()).toEqual([{ id: 1 }, { id: 2 }])
  })
})

describe('over the WebSocket', () => {
  test.each(['password', false] as const)('a pool runs a transaction (pipelined: %s)', async (pipelined) => {
    neonConfig.pipelineConnect = pipelined
    const pool = new Pool({ connectionString: connection_string })
    onTestFinished(() => pool.end())
    const client = await pool.connect()
    await client.query('begin')
    await client.query('insert into notes values ($1, $2)', [7, 'seven'])
    expect((await client.query('select id from notes')).rows).toEqual([{ id: 7 }])
    await client.query('rollback')
    client.release()
    expect(await notes()).toEqual([])
  })

  test('keeps its order under a latency that changes', async () => {
    await control('POST', 'latency', { ms: 40 })
    const pool = new Pool({ connectionString: connection_string, max: 1 })
    onTestFinished(() => pool.end())
    const first = pool.query('select 1 as one')
    const second = pool.query('select 2 as two')
    await control('POST', 'latency', { ms: 0 })
    expect([(await first).rows, (await second).rows]).toEqual([[{ one: 1 }], [{ two: 2 }]])
  })
})

test('drizzle works over both', async () => {
  const db = drizzle({ client: neon(connection_string) })
  expect((await db.execute(text`select ${1}::int as one`)).rows).toEqual([{ one: 1 }])
  const [two] = await db.batch([db.execute(text`select 2 as two`)])
  expect(two.rows).toEqual([{ two: 2 }])
  const pool = new Pool({ connectionString: connection_string })
  onTestFinished(() => pool.end())
  const rows = await drizzlePool({ client: pool }).transaction(async (tx) => {
    await tx.execute(text`insert into notes values (1, 'one')`)
    return (await tx.execute(text`select id from notes`)).rows
  })
  expect(rows).toEqual([{ id: 1 }])
})

describe('the counter', () => {
  test('counts a batch as one round trip and each of its statements, until it is reset', async () => {
    const sql = neon(connection_string)
    await sql`select 1`
    await sql.transaction([sql`select 1`, sql`select 2`])
    await failure(sql`select 1 / 0`)
    expect((await control('GET', 'stats')).answer).toMatchObject({
      round_trips: 3,
      statements: 4,
      failures: 1,
      injected: 0,
    })
    expect((await control('POST', 'reset')).answer).toMatchObject({ round_trips: 0, statements: 0, failures: 0 })
  })

  test('counts the messages of a WebSocket', async () => {
    const pool = new Pool({ connectionString: connection_string })
    await pool.query('select 1')
    await pool.end()
    expect((await control('GET', 'stats')).answer).not.toMatchObject({ round_trips: 0 })
  })
})

describe('a fault', () => {
  test('drop_before: no answer and nothing written', async () => {
    await control('POST', 'fail', { mode: 'drop_before', next: 1 })
    expect(await failure(insert(1))).toMatchObject({ message: expect.stringContaining('fetch failed') })
    expect(await notes()).toEqual([])
  })

  test('drop_after_commit: no answer although it was written', async () => {
    await control('POST', 'fail', { mode: 'drop_after_commit', next: 1 })
    expect(await failure(insert(1))).toMatchObject({ message: expect.stringContaining('fetch failed') })
    expect(await notes()).toEqual([{ id: 1 }])
  })

  test('error_500 and error_code: an answer and nothing written', async () => {
    await control('POST', 'fail', { mode: 'error_500', next: 1 })
    expect(await failure(insert(1))).toMatchObject({ message: expect.stringContaining('HTTP status 500') })
    await control('POST', 'fail', { mode: 'error_code', code: '40P01', next: 1 })
    expect(await failure(insert(1))).toMatchObject({ code: '40P01', severity: 'ERROR' })
    expect(await notes()).toEqual([])
  })

  test.each(['delay', 'delay_after_commit'])('%s: the answer comes all the same', async (mode) => {
    await control('POST', 'fail', { mode, ms: 20, next: 1 })
    await insert(1)
    expect(await notes()).toEqual([{ id: 1 }])
  })

  test('delay_after_commit: a caller who gives up has written', async () => {
    await control('POST', 'fail', { mode: 'delay_after_commit', ms: 2_000, next: 1 })
    const sql = neon(connection_string, { fetchOptions: { signal: AbortSignal.timeout(300) } })
    await failure(sql`insert into notes values (1, 'x')`)
    expect(await notes()).toEqual([{ id: 1 }])
  })

  test('hits as many requests as it says and no more, and counts them', async () => {
    await control('POST', 'fail', { mode: 'error_code', next: 2 })
    const outcomes = [await failure(insert(1)), await failure(insert(1)), await failure(insert(1))]
    expect(outcomes).toEqual([
      expect.objectContaining({ code: '40001' }),
      expect.objectContaining({ code: '40001' }),
      'no failure',
    ])
    expect((await control('GET', 'stats')).answer).toMatchObject({ injected: 2, fault: null })
  })

  test('hits only statements that match', async () => {
    await control('POST', 'fail', { mode: 'error_code', match: 'into notes' })
    expect(await notes()).toEqual([])
    expect(await failure(insert(1))).toMatchObject({ code: '40001' })
    const sql = neon(connection_string)
    expect(await failure(sql.transaction([sql`select 1`, insert(2)]))).toMatchObject({ code: '40001' })
  })

  test('draws by its seed: the same seed hits the same requests', async () => {
    const first = await drawnBy(7)
    expect(await drawnBy(7)).toEqual(first)
    expect(await drawnBy(8)).not.toEqual(first)
    expect(new Set(first)).toEqual(new Set([true, false]))
  })

  test.each([{ mode: 'explode' }, { mode: 'error_code', code: 'oops' }, { next: -1, mode: 'delay' }, {}, { next: 1 }])(
    'is refused with a reason when it makes no sense: %j',
    async (body) => {
      expect(await control('POST', 'fail', body)).toMatchObject({ status: 400, answer: { error: /\w/ } })
    },
  )
})

describe('when PostgreSQL', () => {
  test('ends a session, its code arrives, and the next statement works', async () => {
    const error = await failure(neon(connection_string)`select pg_terminate_backend(pg_backend_pid())`)
    expect(error).toMatchObject({ code: '57P01', severity: 'FATAL' })
    expect(await neon(connection_string)`select 1 as one`).toEqual([{ one: 1 }])
  })

  test('is killed in the middle of a statement, the outcome is unknown: a 400 without a code', async () => {
    const waiting = failure(neon(connection_string)`select pg_sleep(30)`)
    await vi.waitUntil(async () => {
      const [found] = await neon(
        connection_string,
      )`select count(*)::int as n from pg_stat_activity where query ~ 'pg_sleep\\(30'`
      return found?.['n'] === 1
    })
    process.kill(postgres.pid() ?? 0, 'SIGKILL')
    await postgres.restart()
    expect(await waiting).toMatchObject({ name: 'NeonDbError', message: 'connection closed', code: '' })
  })

  test('is down, the answer is a 500; it is up again, so are the answers', async () => {
    await postgres.kill()
    // Its sessions take a moment to notice, and may answer until then.
    await vi.waitUntil(async () => String(await failure(neon(connection_string)`select 1`)).includes('HTTP status 500'))
    await postgres.restart()
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => failure(neon(connection_string)`select 1`)))
    expect(new Set(outcomes)).toEqual(new Set(['no failure']))
  })

  test('is down, a WebSocket closes', async () => {
    await postgres.kill()
    const pool = new Pool({ connectionString: connection_string })
    pool.on('error', () => {})
    onTestFinished(() => pool.end())
    expect(await failure(pool.query('select 1'))).not.toBe('no failure')
    await postgres.restart()
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })
})
