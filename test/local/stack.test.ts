import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from '../../local/process.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { listen } from './mount.ts'
import { temporaryFolder } from './temporary.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const settings = { migrations: false, postgres_settings: { fsync: 'off' } } as const

describe('a stack', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack(settings)
  })
  afterAll(() => stack.stop())

  async function post(path: string, body?: unknown) {
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const response = await fetch(`${stack.control_origin}${path}`, { method: 'POST', ...sent })
    const answer: unknown = await response.json()
    return { status: response.status, answer }
  }

  test('has a Worker, a database and the addresses of the stand-ins', async () => {
    expect((await fetch(stack.origin)).status).toBeLessThan(500)
    const client = new Client({ connectionString: stack.database_url })
    await client.connect()
    await client.end()
    expect(stack.bindings).toMatchObject({
      ENVIRONMENT: 'local',
      PUBLIC_ORIGIN: stack.origin,
      DATABASE_URL: stack.database_url,
      NEON_PROXY: stack.control_origin.replace('http://', ''),
      UPSTASH_REDIS_REST_URL: `${stack.control_origin}/redis`,
      QSTASH_URL: `${stack.control_origin}/qstash`,
    })
  })

  test.each(['/neon/stats', '/qstash/messages', '/pos/tickets', '/mail', '/sms'])('answers GET %s', async (path) => {
    const response = await fetch(stack.control_origin + path)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
  })

  test('lists the services at its root, and names what is not there', async () => {
    const root = await fetch(stack.control_origin)
    expect(await root.json()).toEqual({
      services: expect.arrayContaining(['/sql', '/v2', '/neon', '/redis', '/qstash', '/pos', '/mail', '/sms']),
    })
    expect(await post('/nowhere')).toMatchObject({ status: 404, answer: { error: /\/nowhere/ } })
    expect(await post('/worker/nothing')).toMatchObject({ status: 404, answer: { error: /worker\/kill/ } })
  })

  test('refuses a body it does not understand with 400 and the reason', async () => {
    for (const path of [
      '/neon/latency',
      '/neon/fail',
      '/qstash/advance',
      '/pos/behave',
      '/redis/fail',
      '/worker/cron',
    ]) {
      expect(await post(path, { nonsense: 1 }), path).toMatchObject({ status: 400, answer: { error: /\w/ } })
      expect(await post(path, '{'), path).toMatchObject({ status: 400, answer: { error: /\w/ } })
    }
  })

  test('kills and restarts PostgreSQL and the Worker on request', async () => {
    const [postgres, worker] = [stack.postgres.pid(), stack.worker.pid()]
    expect((await post('/postgres/kill')).answer).toEqual({ postgres: null, worker })
    expect((await post('/worker/kill')).answer).toEqual({ postgres: null, worker: null })
    expect((await post('/postgres/restart')).answer).toEqual({ postgres: expect.any(Number), worker: null })
    expect((await post('/worker/restart')).answer).toEqual({ postgres: expect.any(Number), worker: expect.any(Number) })
    expect([stack.postgres.pid(), stack.worker.pid()]).not.toEqual([postgres, worker])
    expect((await fetch(stack.origin)).status).toBeLessThan(500)
  })

  test('fires a cron trigger on request, or says why not', async () => {
    const { status, answer } = await post('/worker/cron', { cron: 'no such trigger', time: '2026-11-21T19:30:00Z' })
    // Whether the Worker minds a trigger it does not know is its own affair.
    expect([200, 409]).toContain(status)
    if (status === 409) expect(answer).toMatchObject({ error: /no such trigger/ })
  })
})

test('without a Worker, the rest runs, and a command for it is refused', async () => {
  const backend = await startStack({ ...settings, worker: false })
  try {
    const response = await fetch(`${backend.control_origin}/worker/kill`, { method: 'POST' })
    expect([response.status, await response.json()]).toEqual([409, { error: 'There is no Worker in this stack' }])
  } finally {
    await backend.stop()
  }
})

test('leaves no process and no file behind when it stops', async () => {
  const stack = await startStack(settings)
  const pids = [stack.postgres.pid(), stack.services.pid(), stack.worker.pid()]
  await stack.stop()
  expect(pids.filter((pid) => pid === undefined || existsSync(`/proc/${pid}`))).toEqual([])
  expect([existsSync(stack.directory), existsSync(stack.postgres.place)]).toEqual([false, false])
})

test('stops what it has started when a later part does not start', async () => {
  const other = await listen((_request, response) => void response.end())
  const services = Number(new URL(other.origin).port)
  const postgres = await freePort()
  await expect(startStack({ ...settings, ports: { postgres, services } })).rejects.toThrow(`Port ${services} is in use`)
  await other.close()
  const client = new Client({ connectionString: `postgres://tableside:tableside@127.0.0.1:${postgres}/tableside` })
  await expect(client.connect()).rejects.toThrow('ECONNREFUSED')
})

test('goes with the process that started it, even when that is killed', async () => {
  const module = join(import.meta.dirname, '../../local/stack.ts')
  const script = `const { startStack } = await import(${JSON.stringify(module)})
    const stack = await startStack(${JSON.stringify({ ...settings, directory: temporaryFolder() })})
    console.log([stack.postgres.pid(), stack.services.pid(), stack.worker.pid()].join())`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  const pids = String(line).trim().split(',')
  expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toHaveLength(3)
  child.kill('SIGKILL')
  while (pids.some((pid) => existsSync(`/proc/${pid}`))) await sleep(20)
})
