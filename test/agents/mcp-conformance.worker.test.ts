import { ProtocolError } from '@modelcontextprotocol/client'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import type { House } from '../factories.ts'
import { bookedOn, conformanceCases, conformanceHouse, inputOf } from './conformance.ts'
import { type Line, ring } from './lines.ts'
import { connected, type Ended, type Revision, revisions, useTool } from './mcp-client.ts'

const where = inject('stack')

const ways = revisions.flatMap((revision) => [
  [`${revision}, the call’s token`, revision, false] as const,
  [`${revision}, a key and the call’s name`, revision, true] as const,
])

describe.each(ways)('R229, R256 the MCP door: %s', (_way, revision, byKey) => {
  let house: House
  beforeAll(async () => {
    house = await conformanceHouse(where)
  })

  test.each(conformanceCases)('$name', async ({ caller_phone, steps, reservations, date }) => {
    const line = await ring(where, house, caller_phone)
    const client = await clientOf(house, line, revision, byKey)
    await client.listTools()
    let token: unknown
    for (const step of steps) {
      const { end, output, say } = await useTool(client, step.operation, inputOf(step, token)).catch(unknownTool)
      expect([step.operation, end]).toEqual([step.operation, step.end])
      if (step.output) expect(output).toMatchObject(step.output)
      expect(say).toMatch(/\S/)
      token = output['commit_token'] ?? token
    }
    if (reservations) expect(await bookedOn(where, house, date)).toEqual(reservations)
    await client.close()
    await line.hangUp()
  })
})

function clientOf(house: House, line: Line, revision: Revision, byKey: boolean) {
  return byKey
    ? connected(where.origin, house.key, revision, { 'x-tableside-call': line.id })
    : connected(where.origin, line.token, revision)
}

/** A tool that is not there is an error of the protocol, which carries the same problem. */
function unknownTool(error: unknown): Ended {
  if (!(error instanceof ProtocolError) || error.code !== -32602) throw error
  const problem = Object(error.data)
  return { end: problem.code, output: {}, say: problem.hint }
}
