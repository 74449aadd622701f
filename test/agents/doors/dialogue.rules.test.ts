import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { learn } from '../../../src/agents/doors/dialogue-learn-rules.ts'
import { linesFor } from '../../../src/agents/doors/dialogue-lines-rules.ts'
import { hear } from '../../../src/agents/doors/dialogue-hear-rules.ts'
import { type Hearing, openDialogue } from '../../../src/agents/doors/dialogue-rules.ts'
import type { Act, Dialogue, Learned } from '../../../src/agents/doors/dialogue-schema.ts'
import { en } from '../../../src/agents/speech/en.ts'

// A Tuesday.
const hearing: Hearing = {
  reference_date: '2026-12-01',
  country: 'SG',
  house: null,
  caller_phone: '+6598207272',
  words: en,
}

/** Speaks sentence after sentence; each operation is answered as told, in its order. */
function talk(
  sentences: string[],
  answers: Learned[] = [],
  at: Hearing = hearing,
  from: Dialogue = openDialogue('en'),
) {
  const asked: { operation: string; input: Record<string, unknown> }[] = []
  let dialogue = from
  let act: Act | undefined
  for (const sentence of sentences) {
    let turn = hear(dialogue, sentence, at)
    while (turn.act.kind === 'operate') {
      const { operation, input } = turn.act
      asked.push({ operation, input })
      const answer = answers.shift()
      if (!answer) return { asked, dialogue: turn.dialogue, act: turn.act }
      turn = learn(turn.dialogue, operation, input, answer, at)
    }
    dialogue = turn.dialogue
    act = turn.act
  }
  return { asked, dialogue, act }
}
const ok = (output: Record<string, unknown> = {}, say = 'done'): Learned => ({ ok: true, output, say })
const no = (code: string, more: Record<string, unknown> = {}, say = code): Learned => ({
  ok: false,
  problem: { code, more },
  say,
})
const prepared = ok({ status: 'prepared', commit_token: 'token-1' }, 'Shall I book it?')

describe('R250 a conversation', () => {
  test('asks only what is unknown, holds as soon as it can, reads back, and books at a yes', () => {
    const { asked, act } = talk(
      ['I would like a table for two this Friday', 'at seven pm', 'Ana Garcia', 'yes please'],
      [ok({ available: true }, 'We have times.'), ok({}, 'Held.'), prepared, ok({ status: 'booked' }, 'Booked.')],
    )
    expect(asked).toEqual([
      { operation: 'check_availability', input: { date: '2026-12-04', party_size: 2 } },
      { operation: 'hold_table', input: { date: '2026-12-04', time: '19:00', party_size: 2 } },
      {
        operation: 'make_reservation',
        input: { date: '2026-12-04', time: '19:00', party_size: 2, name: 'Ana Garcia' },
      },
      {
        operation: 'make_reservation',
        input: { date: '2026-12-04', time: '19:00', party_size: 2, name: 'Ana Garcia', commit_token: 'token-1' },
      },
    ])
    expect(act).toEqual({ kind: 'ask', say: `Booked. ${linesFor('en').more}`, whole: false })
  })

  test('what is read back is heard whole, and nothing is done without a yes', () => {
    const read = talk(['a table for two on Friday at 7 pm under Ana Garcia'], [ok(), prepared])
    expect(read.act).toEqual({ kind: 'ask', say: 'Shall I book it?', whole: true })
    for (const sentence of ['hm', 'what', 'perhaps later maybe', 'one moment']) {
      const { asked, act } = talk([sentence], [], hearing, read.dialogue)
      expect([sentence, asked]).toEqual([sentence, []])
      expect(act).toMatchObject({ kind: 'ask', say: expect.stringContaining('Shall I book it?') })
    }
    const denied = talk(['no'], [], hearing, read.dialogue)
    expect([denied.asked, denied.act]).toEqual([[], { kind: 'ask', say: linesFor('en').ask_what, whole: false }])
  })

  test('a change of mind at the read back is held and read back anew, never committed as it was', () => {
    const read = talk(['a table for two on Friday at 7 pm under Ana Garcia'], [ok(), prepared])
    const { asked } = talk(['no, make it four people'], [ok(), prepared], hearing, read.dialogue)
    const wish = { date: '2026-12-04', time: '19:00', party_size: 4 }
    expect(asked).toEqual([
      { operation: 'hold_table', input: wish },
      { operation: 'make_reservation', input: { ...wish, name: 'Ana Garcia' } },
    ])
  })

  test('what differs from what was read back is read back by the house, and its new token is used', () => {
    const read = talk(['a table for two on Friday at 7 pm under Ana Garcia'], [ok(), prepared])
    const again = no('commit_mismatch', { commit_token: 'token-2' }, 'Once more?')
    const { asked, act } = talk(['yes', 'yes'], [again, ok({ status: 'booked' })], hearing, read.dialogue)
    expect(asked.map((one) => one.input['commit_token'])).toEqual(['token-1', 'token-2'])
    expect(act).toMatchObject({ kind: 'ask' })
  })

  test('where a time is gone one of those offered is taken, by a yes or by name', () => {
    const offer = no('sold_out', { alternatives: [{ date: '2026-12-04', time: '18:30' }] }, 'Half past six?')
    const one = talk(['a table for two on Friday at 7 pm', 'yes'], [offer, ok()])
    expect(one.asked.at(-1)).toEqual({
      operation: 'hold_table',
      input: { date: '2026-12-04', time: '18:30', party_size: 2 },
    })
    const several = no('sold_out', {
      alternatives: [
        { date: '2026-12-04', time: '18:30' },
        { date: '2026-12-05', time: '20:15' },
      ],
    })
    const named = talk(['a table for two on Friday at 7 pm', 'a quarter past eight'], [several, ok()])
    expect(named.asked.at(-1)?.input).toEqual({ date: '2026-12-05', time: '20:15', party_size: 2 })
    // A yes to several is no choice.
    expect(talk(['a table for two on Friday at 7 pm', 'yes'], [several]).asked).toHaveLength(1)
    const none = talk(['a table for two on Friday at 7 pm'], [no('closed', {}, 'We are closed.')])
    expect(none.act).toMatchObject({ say: `We are closed. ${linesFor('en').other_day}` })
    expect(none.dialogue.slots).toEqual({ party_size: 2 })
  })

  test('cancels and changes under a name that is said, never under one that is known', () => {
    const cancelled = ok({ status: 'prepared', commit_token: 't' }, 'Shall I cancel it?')
    const gone = talk(['I need to cancel my booking', 'Ana Garcia', 'yes'], [cancelled, ok({ status: 'cancelled' })])
    expect(gone.asked).toEqual([
      { operation: 'cancel_reservation', input: { name: 'Ana Garcia' } },
      { operation: 'cancel_reservation', input: { name: 'Ana Garcia', commit_token: 't' } },
    ])
    const moved = talk(
      ['I want to change my reservation to 8 pm', 'Ana Garcia', 'yes'],
      [ok({ status: 'prepared', commit_token: 't' }), ok({ status: 'changed' })],
    )
    expect(moved.asked[0]).toEqual({
      operation: 'change_reservation',
      input: { name: 'Ana Garcia', new_time: '20:00' },
    })
    const which = talk(['cancel my booking', 'Ana Garcia', 'the one on Saturday'], [no('which_booking'), cancelled])
    expect(which.asked.at(-1)?.input).toEqual({ name: 'Ana Garcia', date: '2026-12-05' })
  })

  test('a third wrong name, a third sentence not understood, and the wish itself lead to a person', () => {
    const three = talk(
      ['cancel my booking', 'Boris', 'Carla', 'Dmitri'],
      [no('not_found'), no('not_found'), no('not_found'), ok({ transfer_to: '+6562272727' }, 'One moment.')],
    )
    expect(three.asked.at(-1)?.operation).toBe('escalate')
    expect(three.act).toEqual({ kind: 'end', say: 'One moment.', transfer: true })
    const lost = talk(['hm', 'well', 'uh'], [ok({ transfer_to: null }, 'Somebody calls back.')])
    expect(lost.asked.map((one) => one.input['reason'])).toEqual(['not_understood'])
    expect(lost.act).toEqual({ kind: 'end', say: 'Somebody calls back.', transfer: false })
    const wish = talk(['a table for 2 on Friday', 'let me speak to a human'], [ok({ available: true }), ok({})])
    expect(wish.asked.at(-1)?.input).toMatchObject({
      reason: 'asked_for_person',
      summary: expect.stringContaining('2026-12-04'),
    })
  })

  test('a question in between is answered, and ours put again; an allergy is noted for the kitchen', () => {
    const { act } = talk(
      ['a table for two on Friday', 'what are your opening hours'],
      [ok({ available: true }, 'Times.'), ok({}, 'From eleven.')],
    )
    expect(act).toMatchObject({ say: `From eleven. ${linesFor('en').ask_time}` })
    const read = talk(['a table for two on Friday at 7 pm under Ana Garcia'], [ok(), prepared])
    const noted = talk(['my son is allergic to peanuts'], [ok({}, 'Caution.'), prepared], hearing, read.dialogue)
    expect(noted.asked[0]).toEqual({
      operation: 'menu_info',
      input: { query: 'allergic', allergen: 'peanuts' },
    })
    expect(noted.asked.at(-1)?.input).toMatchObject({ requests: 'my son is allergic to peanuts' })
  })

  test('a number that is withheld is asked for; who is late says how late', () => {
    const nobody = { ...hearing, caller_phone: null }
    const { act } = talk(['a table for two on Friday at 7 pm under Ana Garcia'], [ok({}, 'Held.')], nobody)
    expect(act).toMatchObject({ say: `Held. ${linesFor('en').ask_phone}` })
    const late = talk(['we are running 20 minutes late', 'Ana Garcia'], [ok()])
    expect(late.asked).toEqual([{ operation: 'mark_late', input: { name: 'Ana Garcia', minutes: 20 } }])
  })

  test('in Spanish and French too', () => {
    const spanish = talk(
      ['quiero una mesa para dos el viernes a las nueve de la noche', 'a nombre de Ana García', 'sí'],
      [ok(), prepared, ok({ status: 'booked' }, 'Reservada.')],
      hearing,
      openDialogue('es'),
    )
    expect(spanish.asked.map((one) => one.operation)).toEqual(['hold_table', 'make_reservation', 'make_reservation'])
    expect(spanish.act).toMatchObject({ say: `Reservada. ${linesFor('es').more}` })
    const french = talk(['je voudrais annuler ma réservation'], [], hearing, openDialogue('fr'))
    expect(french.act).toMatchObject({ say: linesFor('fr').ask_name })
  })

  test('whatever is said, it never throws, always answers, and never commits but at a yes', () => {
    const read = talk(['a table for two on Friday at 7 pm under Ana Garcia'], [ok(), prepared])
    const words = ['no', 'cancel', 'four', 'Friday', 'at', 'eight', 'table', 'Ana', 'change', '', '¿', '12', 'peanuts']
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.constantFrom(...words)).map((one) => one.join(' ')),
        ),
        (said) => {
          for (const from of [read.dialogue, openDialogue('en'), openDialogue('es')]) {
            const { act } = hear(from, said, hearing)
            if (act.kind !== 'operate') expect(act.say).toMatch(/\S/)
            else if (!/\b(yes|ok|s[ií]|right)\b/i.test(said)) expect(act.input['commit_token']).toBeUndefined()
          }
        },
      ),
    )
  })
})
