import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { atRoot, openTavern, Phone } from './phones.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' }, bindings: { TABLE_SILENT_SECONDS: '1' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

test('R64: a phone that says nothing is closed with 4408; one that pings stays, and is told', async () => {
  const house = await openTavern(stack)
  const join = async (): Promise<Phone> => {
    const joined = await atRoot(stack.origin, house.key, 'POST', '/table_session', { table_number: '1' })
    return new Phone(stack.origin, joined.data.ws_token).connect()
  }
  const [silent, lively] = [await join(), await join()]
  const pings = setInterval(() => lively.say('{"type":"ping"}'), 200)
  expect(await silent.gone()).toBe(4408)
  await lively.next('member_leave', (one) => one.member_id === silent.you)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  clearInterval(pings)
  expect(lively.closed).toBeNull()
  expect(await lively.gone()).toBe(4408)
})
