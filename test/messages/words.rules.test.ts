import { describe, expect, test } from 'vitest'
import { contentOf } from '../../src/messages/content-rules.ts'
import { languageFor } from '../../src/messages/language-rules.ts'
import { sampleFacts } from '../../src/messages/sample-rules.ts'
import { type Facts, type Kind, kinds, languages, type MessageLanguage } from '../../src/messages/schema.ts'
import { mostSegments, segmentsOf, toGsm } from '../../src/messages/sms-rules.ts'
import { meantBy } from '../../src/messages/stop-rules.ts'
import { catalogues, placeholdersOf, unknownPlaceholders } from '../../src/messages/words-rules.ts'
import { defaultSettings } from '../../src/restaurants/schema.ts'

const house = {
  name: 'Chianti',
  timezone: 'Asia/Singapore',
  country: 'SG',
  address: '28 Duxton Road',
  phone: '+6562200123',
  settings: defaultSettings,
}
const now = Date.parse('2026-12-01T10:00:00+08:00')
const link = `https://book.tableside.example/m/${'x'.repeat(38)}`
const facts = (kind: Kind, own: Facts['template'] = null): Facts => ({
  ...sampleFacts(kind, house, now),
  template: own,
})
const named = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].toSorted()
const mail = (language: MessageLanguage): string =>
  contentOf({ kind: 'confirmation', channel: 'mail', language }, facts('confirmation'), house, { link, stop: null })
    .text
const every = kinds.flatMap((kind) => languages.map((language) => [kind, language] as const))

describe('R163 words', () => {
  test.each(every)('%s in %s names nothing that it has not, and all of what it must', (kind, language) => {
    const { subject, body, sms } = catalogues[language].messages[kind]
    for (const text of [subject, body, sms]) {
      expect(unknownPlaceholders(kind, text)).toEqual([])
      expect(text).not.toMatch(/\bundefined\b/)
    }
    // The same is said in every language: what English names, each names.
    expect(named(body)).toEqual(named(catalogues.en.messages[kind].body))
    expect(named(sms)).toEqual(named(catalogues.en.messages[kind].sms))
  })

  test('are in the language of the guest, else of the house, and in its wall time', () => {
    expect(languageFor('es-MX', ['it'])).toBe('es')
    expect(languageFor('zh', ['zh', 'it'])).toBe('it')
    expect(languageFor(null, ['ja'])).toBe('en')
    expect(mail('en')).toContain('Thursday, 3 December 2026 at 8:00 pm')
    expect(mail('de')).toContain('Donnerstag, 3. Dezember 2026 um 20:00')
    expect(mail('it')).toContain('giovedì 3 dicembre 2026 alle 20:00')
    expect(mail('en')).toContain('Hello Ada Lovelace,')
  })

  test('of a guest or a house are never markup, nor another header', () => {
    const evil = sampleFacts('confirmation', house, now)
    if (!evil.reservation) throw new Error('no sample')
    evil.reservation.name = '<img src=x onerror=alert(1)>'
    const own = { subject: 'Hi {name}\r\nBcc: all@example.com', body: '<b>{code}</b> & so on' }
    const made = contentOf(
      { kind: 'confirmation', channel: 'mail', language: 'en' },
      { ...evil, template: own },
      house,
      { link, stop: null },
    )
    expect(made.html).not.toMatch(/<img|<b>/)
    expect(made.html).toContain('&#60;b&#62;ABC234&#60;/b&#62; &#38; so on')
    expect(made.subject).not.toMatch(/[\r\n]/)
    expect(unknownPlaceholders('waitlist_joined', 'Code {code} {nonsense}')).toEqual(['code', 'nonsense'])
    expect(placeholdersOf('reminder')).toContain('code')
  })
})

describe('R160 texts', () => {
  test.each(every)(
    '%s in %s is two at the most, its link whole, even where the house has a long name',
    (kind, language) => {
      const long = { ...house, name: 'Ristorante della Repubblica di San Marino al Vecchio Porto', country: 'AU' }
      for (const one of [house, long]) {
        const { text } = contentOf({ kind, channel: 'sms', language }, facts(kind), one, { link, stop: null })
        expect(segmentsOf(text), text).toBeLessThanOrEqual(mostSegments)
        expect(text).toBe(toGsm(text))
        if (catalogues[language].messages[kind].sms.includes('{link}')) expect(text).toContain(link)
      }
    },
  )

  test('are counted as they are paid for', () => {
    expect(segmentsOf('a'.repeat(160))).toBe(1)
    expect(segmentsOf('a'.repeat(161))).toBe(2)
    expect(segmentsOf('€'.repeat(80))).toBe(1)
    expect(segmentsOf('€'.repeat(81))).toBe(2)
    expect(segmentsOf('漢'.repeat(70))).toBe(1)
    expect(segmentsOf('漢'.repeat(71))).toBe(2)
    expect(toGsm('está reservada — á bientôt… l’été')).toBe("esta reservada - a bientot... l'été")
    // What cannot be had in that alphabet anyway keeps its accents.
    expect(toGsm('味 está')).toBe('味 está')
  })
})

test.each([
  ['STOP', 'stop', 'en'],
  [' Stop. ', 'stop', 'en'],
  ['BAJA', 'stop', 'es'],
  ['Arrêt', 'stop', 'fr'],
  ['stopp', 'stop', 'de'],
  ['START', 'start', 'en'],
  ['ayuda', 'help', 'es'],
  ['we will stop by at eight', 'help', 'en'],
  ['CANCEL', 'help', 'en'],
])('R167 %s means %s', (text, wish, language) => {
  expect(meantBy(text)).toEqual({ wish, language })
})
