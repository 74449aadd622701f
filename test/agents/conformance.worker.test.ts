import { beforeAll, describe, expect, inject, test } from 'vitest'
import type { Answer, House } from '../factories.ts'
import { bookedOn, conformanceCases, conformanceHouse, inputOf } from './conformance.ts'
import { ring } from './lines.ts'

const where = inject('stack')
let house: House
beforeAll(async () => {
  house = await conformanceHouse(where)
})

const ways = [
  ['the call’s token', (line: Awaited<ReturnType<typeof ring>>) => line.ask],
  [
    'a key and call_id',
    (line: Awaited<ReturnType<typeof ring>>) =>
      (operation: string, input: Record<string, unknown>): Promise<Answer> =>
        house.call('POST', `/agents/operations/${operation}`, { ...input, call_id: line.id }),
  ],
] as const

describe.each(ways)('R229 the REST door with %s', (_way, askOf) => {
  beforeAll(async () => {
    house = await conformanceHouse(where)
  })

  test.each(conformanceCases)('$name', async ({ caller_phone, steps, reservations, date }) => {
    const line = await ring(where, house, caller_phone)
    let token: unknown
    for (const step of steps) {
      const answer = await askOf(line)(step.operation, inputOf(step, token))
      expect([step.operation, answer.status === 200 ? 'ok' : answer.code]).toEqual([step.operation, step.end])
      if (step.output) expect(answer.data.output).toMatchObject(step.output)
      expect(answer.status === 200 ? answer.data.say : answer.body.hint).toMatch(/\S/)
      token = answer.data?.output.commit_token ?? token
    }
    if (reservations) expect(await bookedOn(where, house, date)).toEqual(reservations)
    await line.hangUp()
  })
})
