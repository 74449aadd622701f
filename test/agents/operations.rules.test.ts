import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCallToken, signCallToken } from '../../src/access/call-token.ts'
import { signMemberToken } from '../../src/access/member-token.ts'
import { readCommit, signCommit } from '../../src/agents/commit-token.ts'
import { boundFields, clockTime, entitiesOf, readableInput, redacted, slotsOf } from '../../src/agents/input-rules.ts'
import { bestDishes } from '../../src/agents/menu-search-rules.ts'
import { answersTo } from '../../src/agents/name-rules.ts'
import { operationNames } from '../../src/agents/operation.ts'
import { inputSchema, operations, outputSchema, strictInputSchema } from '../../src/agents/registry.ts'
import { speechFor } from '../../src/agents/speech.ts'
import { catalogOf } from '../../src/agents/speech.ts'
import { problems } from '../../src/platform/problem.ts'

const secret = 'a-secret-of-at-least-thirty-two-characters'

describe('R227 a name that is said', () => {
  test.each([
    ['Ana Garcia', 'ana'],
    ['Ana Garcia', 'Ms. Garcia'],
    ['Ana García', 'anna garcia'],
    ['Tan Wei Ming', 'Wei Ming Tan'],
    ['Tan Wei Ming', 'Mr Tan'],
    ['Li Na', 'Li'],
    ['Jean-Luc Le Goff', 'jean luc legoff'],
    ['Smith', 'John Smith'],
    ['Katherine Johnson', 'Catherine Jonson'],
    ['李 娜', '李'],
    ['Van Dijk', 'van dijk'],
  ])('%s answers to %s', (booked, said) => {
    expect(answersTo(booked, said)).toBe(true)
  })

  test.each([
    ['Ana Garcia', 'A'],
    ['Ana Garcia', 'G'],
    ['Ana Garcia', 'an'],
    ['Ana Garcia', 'Ana Lopez'],
    ['Ana Garcia', 'Maria Garcia'],
    ['Ana Garcia', 'Mr'],
    ['Ana de Souza', 'de'],
    ['Ana Garcia', '%'],
    ['Ana Garcia', '…'],
    ['Tan', 'Ten'],
    ['Jim', 'Tim'],
    [null, 'Ana'],
    ['', 'Ana'],
  ])('%s does not answer to %s', (booked, said) => {
    expect(answersTo(booked, said)).toBe(false)
  })

  test('no name of one or two letters answers but to those letters', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{3,12}$/), fc.stringMatching(/^[a-z]{1,2}$/), (booked, said) => {
        expect(answersTo(booked, said)).toBe(false)
      }),
    )
  })
})

describe('R228 commit tokens', () => {
  const bound = fc.record({
    restaurant_id: fc.uuid(),
    call_id: fc.option(fc.uuid()),
    operation: fc.constantFrom(...operationNames),
    fields: fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), fc.oneof(fc.string(), fc.integer()), { maxKeys: 6 }),
  })
  const subject = fc.record({ id: fc.uuid(), version: fc.integer({ min: 1, max: 2_147_483_647 }) })
  const now = Date.parse('2026-12-01T10:00:00Z')

  test('say again what they were made for, until they end', async () => {
    await fc.assert(
      fc.asyncProperty(bound, subject, async (one, what) => {
        const token = await signCommit(secret, one, what, now + 600_000)
        expect(token).toMatch(/^[\w-]{54}$/)
        const copy = { ...one, fields: Object.fromEntries(Object.entries(one.fields).toReversed()) }
        expect(await readCommit(secret, copy, ` ${token} `, now)).toEqual({ kind: 'good', subject: what })
        expect(await readCommit(secret, one, token, now + 600_000)).toEqual({ kind: 'expired' })
      }),
    )
  })

  test('are good for nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(bound, bound, subject, fc.nat(53), async (one, other, what, at) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other))
        const token = await signCommit(secret, one, what, now + 600_000)
        expect((await readCommit(`${secret}!`, one, token, now)).kind).toBe('other')
        expect((await readCommit(secret, other, token, now)).kind).toBe('other')
        for (const near of [
          { ...one, operation: `${one.operation}x` },
          { ...one, call_id: one.call_id === null ? one.restaurant_id : null },
          { ...one, fields: { ...one.fields, more: 1 } },
        ])
          expect((await readCommit(secret, near, token, now)).kind).toBe('other')
        // The last character carries bits that are no part of it.
        const changed = token.slice(0, at) + (token[at] === 'A' ? 'Q' : 'A') + token.slice(at + 1)
        if (at < 53) expect((await readCommit(secret, one, changed, now)).kind).toBe('other')
      }),
    )
  })

  test('bind what is given, however what is not given is said', () => {
    expect(boundFields({ a: 1, b: null, c: undefined, commit_token: 'x' })).toEqual({ a: 1 })
  })
})

describe('R226 call tokens', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  const claims = { call_id: id, restaurant_id: id, door: 'rest', caller_phone: '+6598207272', locale: 'en' }
  const now = Date.parse('2026-12-01T10:00:00Z')

  test('are good for two hours, under their secret, and no member’s token is one', async () => {
    const token = await signCallToken(secret, claims, now)
    expect(await readCallToken(secret, token, now + 7_199_000)).toEqual(claims)
    expect(await readCallToken(secret, token, now + 7_201_000)).toBeNull()
    expect(await readCallToken(`${secret}!`, token, now)).toBeNull()
    expect(await readCallToken(secret, 'x.y.z', now)).toBeNull()
    const member = { member_id: id, session_id: id, restaurant_id: id, table_id: id, jti: id }
    expect(await readCallToken(secret, await signMemberToken(secret, member, now), now)).toBeNull()
  })
})

describe('what models write', () => {
  test.each([
    ['7:30 pm', '19:30'],
    ['7pm', '19:00'],
    ['7 p.m.', '19:00'],
    ['12 am', '00:00'],
    ['12:15 PM', '12:15'],
    ['9:05', '09:05'],
    ['19:30:00', '19:30'],
    ['half past seven', 'half past seven'],
    ['13 pm', '13 pm'],
    ['7', '7'],
  ])('%s is read as %s', (said, time) => {
    expect(clockTime(said)).toBe(time)
  })

  test('is read as the shapes want it, and never throws', () => {
    expect(readableInput({ party_size: ' 4 ', time: '7pm', area: '', phone: 'null', name: ' Ana ' })).toEqual({
      party_size: 4,
      time: '19:00',
      area: null,
      phone: null,
      name: 'Ana',
    })
    fc.assert(
      fc.property(fc.anything(), (raw) => {
        readableInput(raw)
        redacted(raw)
        slotsOf(raw)
      }),
    )
  })

  test('is kept without what names anybody; what is known is kept for the next agent', () => {
    const raw = { date: '2026-12-01', name: 'Ana', phone: '+65', party_size: 2, commit_token: 'x', new_time: '20:00' }
    expect(redacted(raw)).toEqual({ date: '2026-12-01', name: '…', phone: '…', party_size: 2, new_time: '20:00' })
    // As it can be kept: a text that is cut within a character, or has what a column takes none of.
    expect(redacted({ area: `${'x'.repeat(119)}🍷`, 'a\0': 'b\0' })).toEqual({
      area: `${'x'.repeat(119)}\ufffd`,
      a: 'b',
    })
    expect(slotsOf(raw)).toEqual({ date: '2026-12-01', time: '20:00', party_size: 2, name: 'Ana', phone: '+65' })
    expect(entitiesOf({ b: 1, a: 'x', c: null, d: '', e: [] })).toEqual(['a', 'b'])
  })
})

describe('R229 the registry', () => {
  test('defines each operation once, with schemas that strict tool calling takes', () => {
    expect(operations.map((one) => one.name).toSorted()).toEqual([...operationNames].toSorted())
    for (const one of operations) {
      expect(one.description.length).toBeGreaterThan(40)
      expect(one.reads && (one.destructive || one.scope !== 'agents:read')).toBe(false)
      const strict = strictInputSchema(one)
      expect(strict).toMatchObject({ type: 'object', additionalProperties: false })
      expect(strict['required']).toEqual(Object.keys(Object(strict['properties'])))
      expect(inputSchema(one)).toMatchObject({ type: 'object', additionalProperties: false })
      expect(outputSchema(one)).toMatchObject({ type: 'object' })
      // Flat: no object within the input.
      expect(JSON.stringify(Object(strict['properties']))).not.toContain('"object"')
    }
  })
})

describe('what is said', () => {
  const house = { timezone: 'Asia/Singapore', currency: 'SGD', languages: ['en', 'fr'] }
  const now = Date.parse('2026-12-01T10:00:00Z')
  const speech = (locale: string): ReturnType<typeof speechFor> =>
    speechFor({ restaurant: house, call: { locale }, now })

  test.each([
    ['en', 'today at 7:30 PM', 'tomorrow at 7 PM', 'on Friday, December 4 at 12 PM'],
    ['en-GB', 'today at 19:30', 'tomorrow at 19:00', 'on Friday 4 December at 12:00'],
    ['es', 'hoy a las 19:30', 'mañana a las 19:00', 'el viernes, 4 de diciembre a las 12:00'],
    ['fr-CA', "aujourd'hui à 19 h 30", 'demain à 19 h 00', 'le vendredi 4 décembre à 12 h 00'],
    ['pt', 'today at 7:30 PM', 'tomorrow at 7 PM', 'on Friday, December 4 at 12 PM'],
  ])('%s', (locale, today, tomorrow, friday) => {
    const { when } = speech(locale)
    expect(when({ date: '2026-12-01', time: '19:30' })).toBe(today)
    expect(when({ date: '2026-12-02', time: '19:00' })).toBe(tomorrow)
    expect(when({ date: '2026-12-04', time: '12:00' })).toBe(friday)
  })

  test('a language the house does not speak is answered in the house’s own', () => {
    const german = speechFor({ restaurant: { ...house, languages: ['fr'] }, call: { locale: 'de' }, now })
    expect(german.people(2)).toBe('2 personnes')
  })

  test('sums as the language says them, whatever the currency has after the point', () => {
    expect(speech('en').money(1450)).toMatch(/SGD ?14\.50|\$14\.50/)
    expect(speechFor({ restaurant: { ...house, currency: 'JPY' }, call: { locale: 'en' }, now }).money(1450)).toBe(
      '¥1,450',
    )
  })

  test('each catalogue has words for all that a caller can be refused with', () => {
    const inCalls = [
      'sold_out',
      'closed',
      'in_past',
      'past_closing',
      'pacing_covers',
      'not_found',
      'name_required',
      'lookups_spent',
      'which_booking',
      'needs_person',
      'call_over',
      'validation_failed',
      'busy',
      'unavailable',
    ] as const
    for (const language of ['es', 'fr'])
      for (const code of inCalls) {
        expect(catalogOf(language).refusals[code], `${language} ${code}`).toMatch(/\S/)
        expect(catalogOf(language).refusals[code]).not.toBe(problems[code][2])
      }
  })
})

describe('R233 dishes that are asked for', () => {
  const menu = [
    { words: ['laksa', 'mains'] },
    { words: ['oyster omelette', 'starters'] },
    { words: ['green curry', 'curry verde', 'mains'] },
  ]
  test.each([
    ['do you have oysters', [1]],
    ['curry', [2]],
    ['mains', [0, 2]],
    ['green oyster', [1, 2]],
    ['pizza', []],
    ['the', []],
  ])('%s', (question, found) => {
    expect(bestDishes(menu, question)).toEqual(found.map((i) => menu[i]))
  })
})
