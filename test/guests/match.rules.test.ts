import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { phoneSearch, readSearch, scoreOf } from '../../src/guests/rules.ts'
import { NewGuest } from '../../src/guests/schema.ts'

const evidence = fc.record({
  phone: fc.boolean(),
  email: fc.boolean(),
  likeness: fc.constantFrom(0, 0.3, 0.5, 0.8, 0.95, 1),
})

describe('the score of a candidate', () => {
  test('more evidence never lowers it, and it is never certain', () => {
    fc.assert(
      fc.property(evidence, fc.boolean(), (found, asked) => {
        const { score } = scoreOf(found, asked)
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score).toBeLessThanOrEqual(1)
        expect(scoreOf({ ...found, phone: true }, asked).score).toBeGreaterThanOrEqual(score)
        expect(scoreOf({ ...found, email: true }, asked).score).toBeGreaterThanOrEqual(score)
        expect(scoreOf({ ...found, likeness: 1 }, asked).score).toBeGreaterThanOrEqual(score)
      }),
    )
  })

  test('says why, strongest first', () => {
    expect(scoreOf({ phone: true, email: true, likeness: 1 }, true).why).toEqual([
      'exact_phone',
      'exact_email',
      'exact_name',
    ])
    expect(scoreOf({ phone: false, email: false, likeness: 0.5 }, true)).toEqual({ score: 0.25, why: ['close_name'] })
  })

  test('a phone under another name is worth less than the phone alone', () => {
    const phone = { phone: true, email: false, likeness: 0 }
    expect(scoreOf(phone, false).score).toBe(0.9)
    expect(scoreOf(phone, true).score).toBe(0.63)
  })
})

describe('what is searched for', () => {
  test('a number, an e-mail or a name', () => {
    expect(readSearch('9820 7272', 'SG').phone).toEqual({ equals: '+6598207272' })
    expect(readSearch('7272', 'SG').phone).toEqual({ contains: '7272' })
    expect(readSearch('ana@example.com', 'SG').email).toBe('ana@example.com')
    expect(readSearch('Ana 2', 'SG').name).toBe('Ana 2')
    expect(readSearch('ab 98207272', 'SG').name).toBe('ab 98207272')
    expect(readSearch('12', 'SG').name).toBe('12')
  })

  test('no phone is made of words', () => {
    expect(phoneSearch('no number', 'SG')).toBeNull()
    expect(phoneSearch('12', 'SG')).toBeNull()
  })
})

test('tags and allergies are each there once, whatever their case', () => {
  const { tags, allergies } = NewGuest.parse({ tags: ['Wine', ' wine', 'WINE', 'window'], allergies: ['Nuts', 'nuts'] })
  expect(tags).toEqual(['Wine', 'window'])
  expect(allergies).toEqual(['Nuts'])
})
