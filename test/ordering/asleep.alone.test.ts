import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { sit } from './evenings.ts'
import { openTavern, until } from './phones.ts'

// Alone: an object sleeps after ten seconds in which nobody needs it, by workerd's own clock.
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

const idleMs = 12_000

/** Each time an object was made anew while its phones' sockets were open: the one way to that is that it slept. */
function wakings(): { table_id: string; phones: number }[] {
  const lines = readFileSync(stack.worker.log_file, 'utf8').split('\n')
  return lines.flatMap((line) => (line.includes('"table_woke"') ? [JSON.parse(line.slice(line.indexOf('{')))] : []))
}

test('R65 an idle table sleeps with its sockets open, answers pings in its sleep, and wakes as it was', async () => {
  const house = await openTavern(stack)
  const guests = await Promise.all([sit(stack, house), sit(stack, house), sit(stack, house)])
  const phones = guests.map((one) => one.phone)
  const [ada, bob] = phones
  if (!ada || !bob) throw new Error('somebody is missing')
  const soup = await ada.order(house.menu.soup)
  await until(() => phones.every((one) => one.lines.length === 1), 'the soup')
  expect(wakings()).toEqual([])

  await new Promise((resolve) => setTimeout(resolve, idleMs))
  // Asleep, or about to be: pings are answered, and nothing runs for them.
  for (const phone of phones) {
    const heard = phone.heard.length
    phone.say('{"type":"ping"}')
    await phone.next('pong', () => true, heard)
  }
  expect(wakings()).toEqual([])
  expect(phones.map((one) => one.closed)).toEqual([null, null, null])

  // Woken by a phone: members, lines, versions and numbers are what they were, and all hear of the change.
  const seq = ada.seq
  const answer = await ada.mutate({ op: 'update', line_id: soup.id, qty: 3, version: soup.version })
  expect(answer).toMatchObject({ type: 'cart_update', seq: seq + 1, line: { qty: 3, version: 2 } })
  await until(() => phones.every((one) => one.seq === seq + 1), 'the change')
  expect(new Set(phones.map((one) => one.hash())).size).toBe(1)
  await until(() => wakings().length === 1, 'the waking')
  expect(wakings()).toMatchObject([{ table_id: house.tables[0]?.id, phones: 3 }])

  // Awake, it is the same object that answers.
  await bob.order(house.menu.cake)
  expect(wakings()).toHaveLength(1)
  expect([...ada.members.values()].map((one) => one.online)).toEqual([true, true, true])
  expect(phones.map((one) => [one.gaps, one.closed])).toEqual([
    [0, null],
    [0, null],
    [0, null],
  ])
})
