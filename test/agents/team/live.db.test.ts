import { ScriptedRealtimeTransport } from '@openai/agents/realtime/testing'
import { describe, expect, inject, test, vi } from 'vitest'
import * as z from 'zod'
import { loadCall } from '../../../src/agents/calls.ts'
import { attachTeam, type LiveTeam } from '../../../src/agents/team/live.ts'
import { handoffTool, team } from '../../../src/agents/team/rules.ts'
import { agentNames, type TeamAgentName } from '../../../src/agents/team/schema.ts'
import { daysAhead, type House, withDatabase } from '../../factories.ts'
import { openLine, ring } from '../lines.ts'
import { openTalk } from './talk.ts'

const where = inject('stack')
const ana = '+6598207272'
const soon = daysAhead(8)
const wish = { party_size: 2, date: soon, time: '19:00', name: 'Ana Garcia', phone: null, requests: null }
const booking = { ...wish, email: null, area: null, commit_token: null }
const data: Record<TeamAgentName, Record<string, unknown>> = {
  main: { done: null, wish: 'Something else' },
  reservation: wish,
  information: { query_type: 'menu', items: ['laksa'] },
  escalation: { reason: 'allergy', urgency: 'high', summary: 'A severe allergy.' },
}

type Rung = LiveTeam & {
  id: string
  transport: ScriptedRealtimeTransport
  /** The model calls a tool, and this is what it is told. */
  calls: (name: string, input: unknown) => Promise<Record<string, unknown>>
  /** The caller stops speaking; their words are there, or come later. */
  says: (words: string | null) => void
  settled: () => Promise<void>
}

const Output = z.object({
  method: z.literal('sendFunctionCallOutput'),
  toolCall: z.object({ callId: z.string() }),
  output: z.string(),
})
let count = 0

async function pickUp(house: House): Promise<Rung> {
  const { id } = await ring(where, house, ana)
  const talk = await openTalk(where, house, { phone: ana })
  const call = await loadCall(talk.ctx, id)
  const transport = new ScriptedRealtimeTransport()
  const record = (await house.call('GET', `/agents/calls/${id}`)).data
  const line = { transport, api_key: 'sk-none', realtime_call_id: 'rtc_1', now: () => talk.ctx.now }
  const live = await attachTeam({ ...talk.ctx, call }, record, line)
  const outputs = (): z.infer<typeof Output>[] =>
    transport.calls.flatMap((one) => {
      const output = Output.safeParse(one)
      return output.success ? [output.data] : []
    })
  return {
    ...live,
    id,
    transport,
    settled: talk.settled,
    async calls(name, input) {
      count += 1
      const callId = `call-${count}`
      const args = typeof input === 'string' ? input : JSON.stringify(input)
      transport.emit('function_call', {
        type: 'function_call',
        responseId: `r${count}`,
        id: `i${count}`,
        callId,
        name,
        arguments: args,
      })
      const answer = await vi.waitFor(() => {
        const found = outputs().find((one) => one.toolCall.callId === callId)
        if (!found) throw new Error(`${name} was not answered`)
        return found
      }, 20_000)
      await talk.settled()
      return answer.output.startsWith('{') ? JSON.parse(answer.output) : { text: answer.output }
    },
    says(words) {
      count += 1
      const item_id = `item-${count}`
      transport.emit('*', { type: 'input_audio_buffer.committed', item_id })
      if (words !== null) speaks(transport, item_id, words)
    },
  }
}

function speaks(transport: ScriptedRealtimeTransport, item_id: string, transcript: string): void {
  const content = [{ type: 'input_audio' as const, transcript: null }]
  transport.emit('item_update', { itemId: item_id, type: 'message', role: 'user', status: 'completed', content })
  transport.emit('*', { type: 'conversation.item.input_audio_transcription.completed', item_id, transcript })
}

/** What the model was last told to be, and may do. */
function configured(transport: ScriptedRealtimeTransport): { instructions: string; tools: string[] } {
  const last = transport.calls.findLast((one) => one.method === 'updateSessionConfig')
  const config = last && 'config' in last ? last.config : {}
  const { instructions, tools } = Object(config)
  return { instructions: String(instructions), tools: Object(tools).map((one: { name: string }) => one.name) }
}

async function statuses(house: House): Promise<string[]> {
  const statement = 'select status from reservations where restaurant_id = $1 order by id'
  return withDatabase(where, async (client) =>
    (await client.query<{ status: string }>(statement, [house.id])).rows.map((row) => row.status),
  )
}

describe('R267 the same team, listening and speaking', () => {
  test('takes every handoff, records each, and tells the next what is known', async () => {
    const house = await openLine(where)
    const live = await pickUp(house)
    const path: TeamAgentName[] = [
      'reservation',
      'information',
      'reservation',
      'main',
      'information',
      'main',
      'escalation',
      'main',
      'escalation',
      'reservation',
      'escalation',
    ]
    const taken: string[] = []
    let from: TeamAgentName = 'main'
    for (const to of path) {
      expect(await live.calls(handoffTool(to), data[to])).toEqual({ assistant: to })
      taken.push(`${from} ${to}`)
      from = to
      const { instructions, tools } = configured(live.transport)
      expect(tools.toSorted()).toEqual([...team[to].operations, ...team[to].hands_to.map(handoffTool)].toSorted())
      expect(instructions).toContain(`Already known; do not ask again: party size: 2; date: "${soon}"; time: "19:00"`)
    }
    // One more, from information to a person, in a call of its own: then each edge was taken.
    const other = await pickUp(house)
    for (const to of ['information', 'escalation'] as const) await other.calls(handoffTool(to), data[to])
    taken.push('information escalation')
    const edges = agentNames.flatMap((one) => team[one].hands_to.map((to) => `${one} ${to}`))
    expect(edges.filter((edge) => !taken.includes(edge))).toEqual([])
    const record = (await house.call('GET', `/agents/calls/${live.id}`)).data
    expect(record.handoffs.map((one: { to: string }) => one.to)).toEqual(path)
    expect(record.escalation).toMatchObject({ reason: 'allergy', urgency: 'high' })
  })

  test('books by voice: held, read back, done after a yes, and nothing sooner; hanging up gives a held table back', async () => {
    const house = await openLine(where)
    const live = await pickUp(house)
    live.says('A table for two please')
    await live.calls('transfer_to_reservation', wish)
    const prepared = await live.calls('make_reservation', booking)
    expect(prepared).toMatchObject({ ok: true, status: 'prepared' })
    const sure = { ...booking, commit_token: prepared['commit_token'] }
    expect(await live.calls('make_reservation', sure)).toMatchObject({ ok: false, code: 'yes_needed' })
    live.says('No.')
    expect(await live.calls('make_reservation', sure)).toMatchObject({ ok: false, code: 'yes_needed' })
    expect(await statuses(house)).toEqual(['held'])
    // The model hears the yes before it is written down: it waits for the words.
    live.says(null)
    const done = live.calls('make_reservation', sure)
    speaks(live.transport, 'late', 'Yes please')
    expect(await done).toMatchObject({ ok: true, status: 'booked' })
    await live.calls('hold_table', { date: soon, time: '21:00', party_size: 2, area: null })
    expect(await statuses(house)).toEqual(['confirmed', 'held'])
    live.transport.disconnect()
    await live.over
    expect(await statuses(house)).toEqual(['confirmed', 'cancelled'])
    const record = (await house.call('GET', `/agents/calls/${live.id}`)).data
    expect(record.turns.map((one: { text: string }) => one.text)).toEqual([
      'A table for two please',
      'No.',
      'Yes please',
    ])
    expect(record).toMatchObject({ outcome: 'booked', ended_reason: 'hang_up' })
  })

  test('badly written handoffs and tools of others leave nobody in silence', async () => {
    const house = await openLine(where)
    const live = await pickUp(house)
    expect((await live.calls('make_reservation', booking))['text']).toMatch(/not found/)
    expect(live.transport.calls.filter((one) => one.method === 'requestResponse')).toHaveLength(1)
    expect(await live.calls('transfer_to_reservation', '{"party_size": ')).toEqual({ assistant: 'reservation' })
    const { tools } = (await house.call('GET', `/agents/calls/${live.id}`)).data
    expect(tools).toMatchObject([
      { operation: 'make_reservation', outcome: 'not_found' },
      { operation: 'transfer_to_reservation', outcome: 'validation_failed' },
    ])
    expect(await statuses(house)).toEqual([])
  })
})
