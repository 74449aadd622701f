import { describe, expect, inject, test } from 'vitest'
import { CallDetail } from '../../../src/agents/call-schema.ts'
import { agentNames, type TeamAgentName } from '../../../src/agents/team/schema.ts'
import { handoffTool, team } from '../../../src/agents/team/rules.ts'
import { daysAhead, type House, withDatabase } from '../../factories.ts'
import { openLine } from '../lines.ts'
import { openTalk, speak, told, use } from './talk.ts'

const where = inject('stack')
const ana = '+6598207272'
const soon = daysAhead(8)
const wish = { party_size: 2, date: soon, time: '19:00', name: 'Ana Garcia', phone: null, requests: null }
const data: Record<TeamAgentName, Record<string, unknown>> = {
  main: { done: null, wish: 'Something else' },
  reservation: wish,
  information: { query_type: 'hours', items: null },
  escalation: { reason: 'complaint', urgency: 'high', summary: 'The soup was cold.' },
}
const edges = agentNames.flatMap((from) => team[from].hands_to.map((to) => [from, to] as const))

/** The call's record, as the console reads it. */
async function detailOf(house: House, id: string): Promise<CallDetail> {
  return CallDetail.parse((await house.call('GET', `/agents/calls/${id}`)).data)
}

describe('R260 R261 each handoff of the team', () => {
  test.each(edges)('%s → %s is taken, recorded and told on', async (from, to) => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    const first = from === 'main' ? [] : [use(handoffTool(from), data[from])]
    const heard = await talk.say('Hello', [...first, use(handoffTool(to), data[to]), speak('Yes?')])
    expect(heard.agent).toBe(to)
    expect(heard.handoffs.at(-1)).toEqual({ from, to })
    const now = told(heard, first.length + 1)
    expect(now.tools.toSorted()).toEqual([...team[to].operations].toSorted())
    expect(now.handoffs.toSorted()).toEqual(team[to].hands_to.map(handoffTool).toSorted())
    const record = await detailOf(house, heard.call_id)
    const last = record.handoffs.at(-1)
    expect(last).toMatchObject({ from, to, data: data[to] })
    const filled = Object.entries(data[to]).flatMap(([key, value]) => (value === null ? [] : [key]))
    expect(last?.entities_filled).toEqual(filled.toSorted())
    // The next words are heard by the same agent, with no handoff.
    const next = await talk.say('And', [speak('Mm')])
    expect(told(next, 0).tools.toSorted()).toEqual([...team[to].operations].toSorted())
  })
})

describe('R262 what is known is not asked again', () => {
  test('the reservation agent is told what main was told, and what is missing; nothing known is lost', async () => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    const partly = { ...wish, time: null, name: null }
    const heard = await talk.say('A table for two', [use('transfer_to_reservation', partly), speak('At what time?')])
    const { instructions } = told(heard, 1)
    expect(instructions).toContain(`Already known; do not ask again: party size: 2; date: "${soon}".`)
    expect(instructions).toContain('Still to be asked, one at a time: time, name.')
    expect(instructions).toContain('The number they call from is known')
    expect(instructions).not.toContain(ana)
    const nothing = { party_size: null, date: null, time: null, phone: null, requests: null }
    const later = await talk.say('At seven', [
      use('check_availability', { date: soon, party_size: 2, time: '19:00', area: null }),
      use('transfer_to_information', data.information),
      use('transfer_to_reservation', { ...nothing, name: 'Ana' }),
      speak('Shall I hold it?'),
    ])
    expect(told(later, 0).instructions).toContain('party size: 2')
    // A handoff of nothing takes nothing away, and what a tool was asked with is known.
    const after = told(later, 3).instructions
    expect(after).toContain(`party size: 2; date: "${soon}"; time: "19:00"; name: "Ana".`)
    expect(after).toContain('Nothing more has to be asked for a booking.')
    const { state } = await detailOf(house, heard.call_id)
    expect(state).toMatchObject({ party_size: 2, date: soon, time: '19:00', name: 'Ana' })
  })

  test('without a number on the line it is asked for', async () => {
    const talk = await openTalk(where, await openLine(where), { phone: null })
    const heard = await talk.say('A table', [use('transfer_to_reservation', wish), speak('Your number?')])
    expect(told(heard, 1).instructions).toContain('Still to be asked, one at a time: telephone number.')
  })

  test.each([
    ['es', 'Ya se sabe; no lo pregunte otra vez: personas: 2'],
    ['fr', 'Déjà connu ; ne le redemandez pas: nombre de personnes: 2'],
    ['de', 'Already known; do not ask again: party size: 2'],
  ])('in the language of the call: %s', async (locale, line) => {
    const talk = await openTalk(where, await openLine(where), { phone: ana, locale })
    const heard = await talk.say('…', [use('transfer_to_reservation', wish), speak('…')])
    expect(told(heard, 1).instructions).toContain(line)
  })
})

describe('R263 what a model writes badly', () => {
  test.each([
    ['no JSON at all', '{"party_size": 2, ', ['json'], {}],
    ['a number in words', JSON.stringify({ ...wish, party_size: 'two', name: 'Ana' }), ['party_size'], { name: 'Ana' }],
    ['a date that is none', JSON.stringify({ ...wish, date: 'Friday' }), ['date'], { party_size: 2, time: '19:00' }],
    ['a field of its own', JSON.stringify({ ...wish, vip: true }), ['vip'], { party_size: 2, name: 'Ana Garcia' }],
    ['a list', '[1, 2]', ['json'], {}],
    [
      'fields left out, numbers as texts',
      '{"party_size": "4", "time": "7:30 pm"}',
      [],
      { party_size: 4, time: '19:30' },
    ],
    ['nothing', '', [], {}],
  ])('%s: the handoff goes on with what can be read', async (_what, raw, mistakes, state) => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    const heard = await talk.say('Hello', [use('transfer_to_reservation', raw), speak('Yes?')])
    expect(heard).toMatchObject({ agent: 'reservation', say: 'Yes?' })
    const outcome = mistakes.length > 0 ? [{ operation: 'transfer_to_reservation', outcome: 'validation_failed' }] : []
    expect(heard.operations).toEqual(outcome)
    const record = await detailOf(house, heard.call_id)
    expect(record.state).toMatchObject(state)
    expect(record.tools).toMatchObject(outcome)
  })

  test('what the guest said for certain stands where the model left it out', async () => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    const heard = await talk.say('A table for four people tomorrow at 8 pm please', [
      use('transfer_to_reservation', '{"party_size": '),
      speak('On which name?'),
    ])
    const record = await detailOf(house, heard.call_id)
    expect(record.state).toMatchObject({ party_size: 4, time: '20:00' })
  })

  test('an escalation without reason or words is one all the same, and the house is told', async () => {
    const house = await openLine(where, { settings: { voice: { transfer_number: '+6562272727' } } })
    const talk = await openTalk(where, house, { phone: ana })
    const heard = await talk.say('I want to speak to somebody', [
      use('transfer_to_escalation', '{'),
      speak('Of course.'),
    ])
    expect(heard).toMatchObject({ agent: 'escalation', transfer_to: '+6562272727' })
    const record = await detailOf(house, heard.call_id)
    expect(record.escalation).toEqual({
      reason: 'other',
      urgency: 'normal',
      summary: 'I want to speak to somebody',
    })
    expect(told(heard, 1).instructions).toContain('The house has been told already')
  })

  test('a tool of another agent, or of none, is refused, told to the model and recorded', async () => {
    const house = await openLine(where)
    const talk = await openTalk(where, house, { phone: ana })
    const heard = await talk.say('Book', [
      use('make_reservation', { ...wish, email: null, area: null, commit_token: null }),
      use('order_pizza', {}),
      speak('One moment.'),
    ])
    expect(heard.operations).toEqual([
      { operation: 'make_reservation', outcome: 'not_found' },
      { operation: 'order_pizza', outcome: 'not_found' },
    ])
    const rows = await withDatabase(
      where,
      async (client) =>
        (await client.query('select 1 from reservations where restaurant_id = $1', [house.id])).rows.length,
    )
    expect(rows).toBe(0)
  })

  test('input of a tool that is no JSON is said to be so, and the call goes on', async () => {
    const talk = await openTalk(where, await openLine(where), { phone: ana })
    const heard = await talk.say('When do you open?', [use('restaurant_info', '{"topic": '), speak('One moment.')])
    expect(heard.operations).toEqual([{ operation: 'restaurant_info', outcome: 'malformed_json' }])
    expect(heard.say).toBe('One moment.')
  })

  test('a refused tool is told to the model with a sentence to speak', async () => {
    const talk = await openTalk(where, await openLine(where), { phone: ana, locale: 'es' })
    const heard = await talk.say('Una mesa', [
      use('transfer_to_reservation', wish),
      use('hold_table', { date: soon, time: '04:00', party_size: 2, area: null }),
      ({ outputs }) => speak(String(outputs.at(-1)?.['say'])),
    ])
    expect(heard.operations).toEqual([{ operation: 'hold_table', outcome: 'closed' }])
    expect(heard.say).toMatch(/cerrado/i)
  })
})
