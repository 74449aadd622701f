import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { buildWorker } from '../../local/build.ts'
import { serveWorker, type WorkerOptions } from '../../local/worker.ts'
import { listen } from './mount.ts'
import { temporaryFolder } from './temporary.ts'

vi.setConfig({ testTimeout: 60_000 })

/** A Worker with a Durable Object that counts, and a cron trigger that fails when it is asked to. */
const source = `
import { DurableObject } from 'cloudflare:workers'
import note from './note.txt'
export class Counter extends DurableObject {
  async add() {
    this.ctx.storage.sql.exec('create table if not exists hits (n integer)')
    this.ctx.storage.sql.exec('insert into hits values (1)')
    return this.ctx.storage.sql.exec('select count(*) as n from hits').one().n
  }
}
export default {
  async fetch(request, env) {
    const path = new URL(request.url).pathname
    if (path === '/add') return Response.json(await env.COUNTER.getByName('one').add())
    if (path === '/bindings') return Response.json({ odd: env.ODD, over: env.OVER, list: env.LIST, note })
    return fetch(env.ELSEWHERE)
  },
  async scheduled({ cron, scheduledTime }, env) {
    if (cron === 'fail') throw new Error('the job failed')
    console.log('ran', cron, new Date(scheduledTime).toISOString())
  },
}`

function makeBuild(): string {
  const built = temporaryFolder()
  writeFileSync(join(built, 'worker.js'), source)
  writeFileSync(join(built, 'note.txt'), 'a note')
  const settings = {
    compatibility_date: '2026-11-01',
    compatibility_flags: [],
    vars: { OVER: 'from wrangler.toml', LIST: ['a', 1] },
    durable_objects: [{ name: 'COUNTER', class_name: 'Counter' }],
    classes: [{ class_name: 'Counter', sqlite: true }],
    crons: ['*/5 * * * *'],
  }
  writeFileSync(join(built, 'worker.json'), JSON.stringify(settings))
  return built
}

async function serve(options: Partial<WorkerOptions> = {}) {
  const directory = temporaryFolder()
  const worker = await serveWorker({ built: makeBuild(), port: 0, bindings: {}, directory, ...options })
  onTestFinished(() => worker.stop())
  return worker
}

async function get(url: string): Promise<unknown> {
  return (await fetch(url)).json()
}

describe('served by workerd', () => {
  test('has its variables, the given ones over those of wrangler.toml, whatever characters they hold', async () => {
    const odd = 'a "quote", a \\backslash, a\nline, a tab\t, \u0001, \u0085, é 桌 🍷'
    const worker = await serve({ bindings: { ODD: odd, OVER: 'given' } })
    expect(await get(`${worker.origin}/bindings`)).toEqual({ odd, over: 'given', list: ['a', 1], note: 'a note' })
    expect(worker.crons).toEqual(['*/5 * * * *'])
  })

  test('reaches services on this machine', async () => {
    const service = await listen((_request, response) => void response.end('"from here"'))
    onTestFinished(() => service.close())
    const worker = await serve({ bindings: { ELSEWHERE: service.origin } })
    expect(await get(`${worker.origin}/elsewhere`)).toBe('from here')
  })

  test('survives SIGKILL: same port, and its objects keep what they stored', async () => {
    const worker = await serve()
    const before = worker.pid()
    expect([await get(`${worker.origin}/add`), await get(`${worker.origin}/add`)]).toEqual([1, 2])
    await worker.kill()
    expect(worker.pid()).toBeUndefined()
    await expect(fetch(worker.origin)).rejects.toThrow('fetch failed')
    await worker.restart()
    expect(worker.pid()).not.toBe(before)
    expect(await get(`${worker.origin}/add`)).toBe(3)
  })

  test('a restart can bring another build, with the same objects', async () => {
    const worker = await serve()
    expect(await get(`${worker.origin}/add`)).toBe(1)
    const next = makeBuild()
    writeFileSync(join(next, 'note.txt'), 'another note')
    await worker.restart({ built: next })
    expect(await get(`${worker.origin}/bindings`)).toMatchObject({ note: 'another note' })
    expect(await get(`${worker.origin}/add`)).toBe(2)
  })

  test('runs cron triggers, and tells when they fail', async () => {
    const worker = await serve()
    await worker.scheduled({ cron: '*/5 * * * *', time: new Date('2026-11-21T19:30:00Z') })
    expect(readFileSync(worker.log_file, 'utf8')).toContain('ran */5 * * * * 2026-11-21T19:30:00.000Z')
    await expect(worker.scheduled({ cron: 'fail' })).rejects.toThrow('The cron trigger fail failed')
    expect(readFileSync(worker.log_file, 'utf8')).toContain('the job failed')
  })

  test('says so when its port is taken or its code does not load', async () => {
    const { port } = await serve()
    await expect(serve({ port })).rejects.toThrow(`Port ${port} is in use`)
    const built = makeBuild()
    writeFileSync(join(built, 'worker.js'), 'export default {')
    await expect(serve({ built })).rejects.toThrow(/did not start[^]*SyntaxError/)
  })

  test('ends when the process that started it is killed', async () => {
    const module = join(import.meta.dirname, '../../local/worker.ts')
    const options = { built: makeBuild(), port: 0, bindings: {}, directory: temporaryFolder() }
    const script = `const { serveWorker } = await import(${JSON.stringify(module)})
      console.log((await serveWorker(${JSON.stringify(options)})).origin)`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(child.stdout, 'data')
    const origin = String(line).trim()
    expect(await get(`${origin}/add`)).toBe(1)
    child.kill('SIGKILL')
    while (await answers(origin)) await sleep(20)
  })
})

describe('a build', () => {
  test('is what wrangler makes, with the settings of wrangler.toml, and is made once', async () => {
    const out_dir = temporaryFolder()
    const [built, same] = await Promise.all([buildWorker({ out_dir }), buildWorker({ out_dir })])
    expect(same).toBe(built)
    expect(JSON.parse(readFileSync(join(built, 'worker.json'), 'utf8'))).toMatchObject({
      compatibility_date: expect.stringMatching(/^20\d\d-\d\d-\d\d$/),
      vars: { ENVIRONMENT: 'local' },
      crons: expect.arrayContaining(['*/5 * * * *']),
    })
    const { ino } = statSync(built)
    expect(statSync(await buildWorker({ out_dir })).ino).toBe(ino)
  })

  test('keeps the latest five, so that two versions can be tried side by side', async () => {
    const out_dir = temporaryFolder()
    const old = Array.from({ length: 7 }, (_, index) => join(out_dir, `000000000000000${index}`))
    for (const folder of old) mkdirSync(folder)
    const built = await buildWorker({ out_dir })
    expect([built, ...old].filter((folder) => existsSync(folder))).toHaveLength(5)
    expect(existsSync(built)).toBe(true)
    rmSync(out_dir, { recursive: true })
  })
})

async function answers(origin: string): Promise<boolean> {
  return fetch(origin).then(
    () => true,
    () => false,
  )
}
