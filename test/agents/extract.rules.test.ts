import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { extract, type ExtractContext } from '../../src/agents/extract-rules.ts'
import { Extraction } from '../../src/agents/extract-schema.ts'
import { isoWeekday } from '../../src/platform/time.ts'
import { english, everyday, others, type Said, type Sentence } from './sentences.ts'

const everyDay = [1, 2, 3, 4, 5, 6, 7]
const open = (opens: string, closes: string, days = everyDay): ExtractContext['house'] => ({
  timezone: 'Asia/Singapore',
  hours: [{ days, opens, closes }],
  special_days: [],
})
// 2026-12-02 is a Wednesday.
const context: ExtractContext = { reference_date: '2026-12-02', country: 'SG', house: open('11:00', '23:00') }
const read = (utterance: string, changes: Partial<ExtractContext> = {}): Extraction =>
  extract(utterance, { ...context, ...changes })

function understood(utterance: string, said: Said, changes: Partial<ExtractContext> = {}): void {
  const { date, time, party_size, name, phone, intent, topic } = read(utterance, changes)
  const wanted = { ...(said.intent ? { intent } : {}), ...(said.topic ? { topic } : {}) }
  const found = Object.fromEntries(
    Object.entries({ date, time, party_size, name, phone, ...wanted }).filter(([, value]) => value !== undefined),
  )
  expect(found).toEqual(said)
}

describe('R210 what a sentence says, and nothing else', () => {
  test.each<Sentence>([...english, ...everyday])('%s', (utterance, said) => understood(utterance, said))
})

describe.each(Object.entries(others))('R210 in %s', (locale, sentences) => {
  test.each<Sentence>(sentences)('%s', (utterance, said) => {
    understood(utterance, said, { locale })
    expect(read(utterance, { locale }).language).toBe(locale)
  })

  test('the language is known by its words where nobody names it', () => {
    for (const [utterance] of sentences.filter(([one]) => one.split(' ').length > 4)) {
      expect(read(utterance).language, utterance).toBe(locale)
    }
  })
})

describe('R211 which half of the day is meant', () => {
  test.each([
    ['half past seven', open('17:00', '22:00'), '19:30'],
    ['half past seven', open('07:00', '11:00'), '07:30'],
    ['at 8', open('07:00', '11:30'), '08:00'],
    ['at 8', open('07:00', '22:00'), '20:00'],
    ['at 8', null, '20:00'],
    ['at 1', open('18:00', '02:00'), '01:00'],
    ['at 1', open('11:00', '23:00'), '13:00'],
    ['at 12', open('18:00', '02:00'), '00:00'],
    ['at 12', open('11:00', '23:00'), '12:00'],
    ['at 11', open('18:00', '24:00'), '23:00'],
    ['breakfast at 8', open('07:00', '22:00'), '08:00'],
    ['at 8 in the morning', open('17:00', '22:00'), '08:00'],
    ['8 am', open('17:00', '22:00'), '08:00'],
  ])('%s', (utterance, house, time) => {
    expect(read(utterance, { house }).time).toBe(time)
  })

  test('the hours are those of the date that is named', () => {
    const house = {
      timezone: 'Asia/Singapore',
      special_days: [],
      hours: [
        { days: [1, 2, 3, 4, 5], opens: '17:00', closes: '23:00' },
        { days: [6, 7], opens: '07:00', closes: '12:00' },
      ],
    }
    expect(read('at 8:15 on Saturday', { house }).time).toBe('08:15')
    expect(read('at 8:15 on Friday', { house }).time).toBe('20:15')
    const special_days = [{ date: '2026-12-04', hours: [{ opens: '08:00', closes: '10:00' }] }]
    expect(read('at 8:15 on Friday', { house: { ...house, special_days } }).time).toBe('08:15')
  })

  test('a time that both halves of the day allow names the other, and is less sure', () => {
    const house = open('07:00', '23:00')
    const [span] = read('at 9', { house }).spans
    expect(span).toMatchObject({ value: '21:00', alternatives: ['09:00'] })
    expect(span?.confidence).toBeLessThan(read('at 9 pm', { house }).confidence + 0.2)
    expect(span?.confidence).toBeLessThanOrEqual(0.8)
  })

  test('midnight belongs to the evening that was named, and so to the next date', () => {
    const house = open('18:00', '03:00')
    expect(read('Friday at midnight', { house })).toMatchObject({ date: '2026-12-05', time: '00:00' })
    expect(read('tonight at half past 12', { house })).toMatchObject({ date: '2026-12-03', time: '00:30' })
    expect(read('on December 5th at midnight', { house })).toMatchObject({ date: '2026-12-05', time: '00:00' })
  })
})

describe('R212 dates', () => {
  test.each([
    ['Wednesday', '2026-12-09', ['2026-12-02']],
    ['this Wednesday', '2026-12-02', []],
    ['next Friday', '2026-12-11', ['2026-12-04']],
    ['on 5/3', '2027-03-05', ['2027-05-03']],
  ])('%s', (utterance, date, alternatives) => {
    expect(read(utterance).spans).toMatchObject([{ slot: 'date', value: date, alternatives }])
  })

  test('the country says whether the month comes first; a date that is none is read the other way', () => {
    expect(read('on 5/3', { country: 'US' }).date).toBe('2027-05-03')
    expect(read('on 25/12', { country: 'US' }).date).toBe('2026-12-25')
    expect(read('on 12/25', { country: 'SG' }).date).toBe('2026-12-25')
  })

  test('a weekday falls on that weekday and is to come, whenever it is said', () => {
    const names = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
    const someDay = fc.integer({ min: 0, max: 20_000 }).map((n) => new Date(Date.UTC(2001, 0, 1) + n * 86_400_000))
    fc.assert(
      fc.property(someDay, fc.integer({ min: 0, max: 6 }), (day, index) => {
        const reference_date = day.toISOString().slice(0, 10)
        for (const before of ['', 'this ', 'next ']) {
          const { date = '' } = read(`${before}${names[index]}`, { reference_date })
          expect(isoWeekday(date)).toBe(index + 1)
          expect(date >= reference_date).toBe(true)
        }
      }),
    )
  })
})

test('R214 a short number is no telephone, even where a country has such', () => {
  expect(read('the code is 123456', { country: 'DE' }).phone).toBeUndefined()
  expect(read('Rufen Sie 030 901820 an', { country: 'DE' }).phone).toBe('+4930901820')
})

describe('R217 corrections', () => {
  test('make it 8 is a time after a time, a party after a party', () => {
    expect(read('a table at 7, no, make it 8')).toMatchObject({ time: '20:00', intent: 'change' })
    expect(read('a table for 7, no, make it 8')).toMatchObject({ party_size: 8, intent: 'change' })
    expect(read('a table for 7, no, make it 8').time).toBeUndefined()
  })

  test('of two to choose from the first stands and the other is an alternative', () => {
    expect(read('Friday or Saturday').spans).toMatchObject([{ value: '2026-12-04', alternatives: ['2026-12-05'] }])
    expect(read('between 7 and 8').spans).toMatchObject([{ value: '19:00', alternatives: ['20:00'] }])
  })
})

describe('R216 only a plain yes confirms', () => {
  test.each([
    'Yes, but at 8',
    'Yes, for 5 people',
    'yes, on Friday',
    'Yes, cancel it',
    'No',
    'yes or no?',
    'yes, 7',
    'Yes, under Smith',
  ])('%s', (utterance) => {
    expect(read(utterance).intent).not.toBe('confirm')
  })
})

describe('R218 a bare answer is read as what was asked', () => {
  test.each([
    ['four', 'party_size', 'party_size', 4],
    ['4 please', 'party_size', 'party_size', 4],
    ['seven', 'time', 'time', '19:00'],
    ['the 11th', 'date', 'date', '2026-12-11'],
    ['11', 'date', 'date', '2026-12-11'],
    ['Anna Rossi', 'name', 'name', 'Anna Rossi'],
  ] as const)('%s', (utterance, asked, slot, value) => {
    expect(read(utterance, { asked })[slot]).toBe(value)
  })

  test('and as nothing where nothing was asked, or where it says something else', () => {
    expect(read('four').spans).toEqual([])
    expect(read('Yes please', { asked: 'name' }).name).toBeUndefined()
    expect(read('at 7', { asked: 'party_size' })).toMatchObject({ time: '19:00' })
    expect(read('at 7', { asked: 'party_size' }).party_size).toBeUndefined()
  })
})

const words = [...english, ...Object.values(others).flat()].flatMap(([utterance]) => utterance.split(' '))
const someText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc
    .array(fc.constantFrom(...words, ':', '/', '-', '.', '12', '2026', '+65', '٣'), { maxLength: 40 })
    .map((all) => all.join(' ')),
)

describe('whatever is said', () => {
  test('there is an answer of the promised shape, its spans lie in the utterance, and it is always the same', () => {
    fc.assert(
      fc.property(
        someText,
        fc.constantFrom('date', 'time', 'party_size', 'name', 'phone', undefined),
        (utterance, asked) => {
          const found = read(utterance, { asked })
          expect(Extraction.parse(found)).toEqual(found)
          expect(read(utterance, { asked })).toEqual(found)
          for (const { slot, start, end, text, value } of found.spans) {
            expect(start >= 0 && start < end && end <= utterance.length).toBe(true)
            expect(utterance.slice(start, end)).toBe(text)
            expect(found[slot]).toBe(value)
          }
          expect(new Set(found.spans.map(({ slot }) => slot)).size).toBe(found.spans.length)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test.each([
    'table for 4 ',
    '7 ',
    '1-',
    '5/',
    'a',
    'my wife and ',
    'no not ',
    '三',
    'my name is ',
    '. ',
    '+',
    'to half past ',
    'or 7 ',
    'double ',
  ])('ten thousand characters of %s are read like any others: nothing repeats what it has read', (one) => {
    const found = read(one.repeat(Math.floor(10_000 / one.length)))
    expect(Extraction.parse(found)).toEqual(found)
  })
})
