import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { type House, openHouse, withDatabase } from '../factories.ts'
import { meet } from '../guests/people.ts'

// Alone, because the job seals every house there is.
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

const run = (cron = '*/5 * * * *', time = new Date()): Promise<unknown> => stack.worker.scheduled({ cron, time })

/** `npm run audit:verify` as an operator calls it. */
async function check(...args: string[]): Promise<{ code: number; out: string }> {
  const script = join(import.meta.dirname, '../../local/audit-verify.ts')
  const env = { ...process.env, SEALING_KEY: stack.bindings['SEALING_KEY'] ?? '' }
  return promisify(execFile)(process.execPath, [script, ...args, stack.database_url], { env }).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout + error.stderr,
    }),
  )
}

async function sealsOf(house: House): Promise<{ seal_no: number; signature: string | null }[]> {
  return withDatabase(stack, async (client) => {
    const found = await client.query('select * from audit_seals where restaurant_id = $1 order by seal_no', [house.id])
    return found.rows
  })
}

test('R201 the job seals what is new, signs it, and goes on where it was interrupted; the check says OK', async () => {
  const [one, two] = [await openHouse(stack), await openHouse(stack)]
  await meet(one, { name: 'Ana' })
  await meet(two, { name: 'Bo' })
  await run()
  await run()
  await meet(one, { name: 'Cy' })
  // As if the Worker had died between sealing and signing.
  await withDatabase(stack, (client) => client.query('select seal_events($1, now(), 100)', [one.id]))
  await meet(one, { name: 'Di' })
  await run()
  const seals = await sealsOf(one)
  expect(seals).toHaveLength(3)
  for (const seal of seals) expect(seal.signature).toMatch(/^[\w-]{43}$/)
  expect(await sealsOf(two)).toHaveLength(1)
  const { data: head } = await one.call('GET', '/audit/head')
  const { code, out } = await check()
  expect(out).toContain(`${one.slug}: OK`)
  expect(out).toContain(`${two.slug}: OK`)
  expect(out).toContain(`head 3:${head.digest}`)
  expect(code).toBe(0)
  expect((await check('--restaurant', two.slug)).out).not.toContain(one.slug)
  expect((await check('--restaurant', 'nobody')).code).toBe(2)
  expect((await check('--restaurant', one.slug, '--head', `2:${'0'.repeat(64)}`)).code).toBe(1)
  expect((await check('--head', 'nonsense')).code).toBe(2)
})

test('R203 a chain that was cut off and begun again is not signed by the job, which says so', async () => {
  const house = await openHouse(stack)
  await meet(house, { name: 'Ana' })
  await run()
  await meet(house, { name: 'Bo' })
  await run()
  await withDatabase(stack, async (client) => {
    for (const table of ['events', 'audit_entries', 'audit_seals'])
      await client.query(`alter table ${table} disable trigger user`)
    await client.query(`update events set after = '{}' where restaurant_id = '${house.id}'`)
    await client.query(`delete from audit_entries where restaurant_id = '${house.id}'`)
    await client.query(`delete from audit_seals where restaurant_id = '${house.id}'`)
    for (const table of ['events', 'audit_entries', 'audit_seals'])
      await client.query(`alter table ${table} enable trigger user`)
  })
  await run()
  expect(await sealsOf(house)).toEqual([])
  expect(readFileSync(stack.worker.log_file, 'utf8')).toContain('audit_alarm')

  // And a signature of another is found, whatever is sealed after it.
  const other = await openHouse(stack)
  await meet(other, { name: 'Ana' })
  await run()
  await withDatabase(stack, async (client) => {
    await client.query('alter table audit_seals disable trigger user')
    await client.query(`update audit_seals set signature = $2 where restaurant_id = $1`, [other.id, 'A'.repeat(43)])
    await client.query('alter table audit_seals enable trigger user')
  })
  await meet(other, { name: 'Bo' })
  await run()
  expect(await sealsOf(other)).toHaveLength(2)
  const { code, out } = await check('--restaurant', other.slug)
  expect([code, out]).toEqual([1, expect.stringContaining('BROKEN (1): seal 1: was not signed by us')])
})

test('R204 three years later the oldest seals are empty, and the chain is whole', async () => {
  const house = await openHouse(stack)
  await meet(house, { name: 'Ana' })
  await run()
  await run('0 * * * *', new Date(Date.now() + 1_000 * 86_400_000))
  expect((await house.call('GET', '/audit')).data).toHaveLength(1)
  await run('0 * * * *', new Date(Date.now() + 1_101 * 86_400_000))
  const { data } = await house.call('GET', '/audit')
  expect(data.map((row: { type: string }) => row.type)).toContain('audit.purged')
  expect(data.map((row: { type: string }) => row.type)).not.toContain('guest.created')
  expect((await check('--restaurant', house.slug)).out).toContain('1 seals purged')
  expect((await check('--restaurant', house.slug)).code).toBe(0)
})
