import { grammar, type Grammar, type Parts, type Reading, rule, type Token } from './grammar-rules.ts'

/** The parts of a day, as the lexicons number them. */
export const dayparts = { morning: 1, noon: 2, afternoon: 3, evening: 4, night: 5, small_hours: 6 } as const

/** A time as it was said: still without its half of the day where nobody said that. */
export type Said = {
  hour: number
  minute: number
  /** `am` and `pm` are certain, a daypart nearly; null: to be decided. */
  half: 'am' | 'pm' | null
  daypart: number | null
  /** Said in a way that is a time and nothing else. */
  sure: boolean
  /** Said in place of something (make it 8), be that a time or a party. */
  instead: boolean
}

/** A time without a clock's words (`at 7`) is only one where nothing else is meant. */
const before = 'before=daypart|meridiem|today_part? at=at|on|for?'
const after = 'ish? after=daypart|meridiem|today_part?'

function said(hour: number, minute: number, parts: Parts, sure = true): Said | null {
  if (!Number.isInteger(hour) || hour < 0 || hour > 24 || minute < 0 || minute > 59) return null
  const marks = [parts['after'], parts['before']].filter((one) => one !== undefined)
  const meridiem = marks.find((one) => one.kind === 'meridiem')?.value
  const daypart = marks.find((one) => one.kind !== 'meridiem')?.value ?? null
  if (meridiem !== undefined && hour > 12 && meridiem === 1) return null
  return {
    hour: hour % 24,
    minute,
    half: meridiem === 1 ? 'am' : meridiem === 2 ? 'pm' : null,
    daypart,
    sure,
    instead: false,
  }
}

/** `minutes` before an hour. */
const earlier = (hour: number, minutes: number, parts: Parts): Said | null =>
  said(hour === 0 ? 23 : hour === 1 ? 12 : hour - 1, 60 - minutes, parts)
const value = (token: Token | undefined): number => token?.value ?? 0
const isMinute = (token: Token | undefined): boolean => (token?.digits ?? 0) === 2 && value(token) < 60
const touching = (token: Token | undefined): boolean => token !== undefined && !token.gap
/** 1930, or 730 with its mark: hour and minute without anything between. */
const compact = (parts: Parts): Said | null => {
  const { h } = parts
  if (!h || h.digits < 3 || h.digits > 4) return null
  return said(Math.floor(h.value / 100), h.value % 100, parts)
}
/** Whether the language says `and` between hour and minutes: las siete y media. */
const andTells = (reading: Reading): boolean => ['es', 'it', 'pt', 'fr'].includes(reading.language)

/** R211. The ways to say a time, the longest first. */
export const clockGrammar: Grammar<Said> = grammar<Said>([
  rule(`${before} h=num colon m=num colon s=num ${after}`, (p) =>
    isMinute(p['m']) ? said(value(p['h']), value(p['m']), p) : null,
  ),
  rule(`${before} h=num colon m=num oclock|hour|duration? ${after}`, (p) =>
    isMinute(p['m']) ? said(value(p['h']), value(p['m']), p) : null,
  ),
  rule(`${before} q=num|quarter|half past h=num oclock|hour? ${after}`, (p) => said(value(p['h']), value(p['q']), p)),
  rule(`<!from ${before} q=num|quarter minute? to the? h=num oclock|hour? !people ${after}`, (p) =>
    p['q']?.kind === 'quarter' || [5, 10, 20, 25].includes(value(p['q']))
      ? earlier(value(p['h']), value(p['q']), p)
      : null,
  ),
  rule(`${before} q=num past half_to h=num oclock|hour? ${after}`, (p) =>
    earlier(value(p['h']), 30 - value(p['q']), p),
  ),
  rule(`${before} q=num to half_to h=num oclock|hour? ${after}`, (p) => earlier(value(p['h']), 30 + value(p['q']), p)),
  rule(`${before} half_to h=num oclock|hour? ${after}`, (p) => earlier(value(p['h']), 30, p)),
  rule(`${before} three_quarter h=num oclock|hour? ${after}`, (p) => earlier(value(p['h']), 15, p)),
  rule(`${before} half h=num oclock? !people|duration|unit ${after}`, (p) => said(value(p['h']), 30, p)),
  rule(`${before} h=num|noon oclock|hour? minus q=num|quarter minute? ${after}`, (p) =>
    earlier(p['h']?.kind === 'noon' ? (value(p['h']) === 0 ? 24 : 12) : value(p['h']), value(p['q']), p),
  ),
  rule(`${before} h=num hour and? q=half|quarter ${after}`, (p) => said(value(p['h']), value(p['q']), p)),
  rule(`${before} h=num and q=half|quarter|num minute? !people|child|companion|hour ${after}`, (p, { reading }) =>
    andTells(reading) && (p['q']?.kind !== 'num' || value(p['q']) >= 5) ? said(value(p['h']), value(p['q']), p) : null,
  ),
  rule(`${before} h=noon and q=half|quarter ${after}`, (p) => said(value(p['h']) / 60, value(p['q']), p)),
  rule(`${before} h=num hour m=num minute? !people|child|hour|of|month ${after}`, (p) =>
    said(value(p['h']), value(p['m']), p),
  ),
  rule('at? h=num duration', (p) => (p['h']?.digits === 4 ? compact(p) : null)),
  rule(`${before} h=num oclock|hour ${after}`, (p) => compact(p) ?? said(value(p['h']), 0, p)),
  rule(`${before} h=num dot m=num x=oclock|hour? ${after}`, (p, { reading }) => {
    const marked = p['x'] ?? p['after'] ?? p['before'] ?? (p['at']?.kind === 'at' ? p['at'] : undefined)
    const tells = marked !== undefined && touching(p['m']) && isMinute(p['m'])
    return tells || (reading.language === 'it' && isMinute(p['m']) && touching(p['m']))
      ? said(value(p['h']), value(p['m']), p)
      : null
  }),
  rule(`at=at|on|for? h=num m=num ish? after=meridiem|daypart|today_part`, (p) => spoken(p)),
  rule(`before=daypart? at h=num m=num !people|child|month|of|duration|unit`, (p) => spoken(p)),
  rule(`h=num m=num !people|child|month|num|duration|unit|dash|dot`, (p, { reading, from }) =>
    bothSpelled(p) && !/[\d]$/.test(reading.tokens[from - 1]?.text ?? '') ? spoken(p) : null,
  ),
  rule(`at=at|on|for? h=num ish? after=meridiem`, (p) => compact(p) ?? said(value(p['h']), 0, p)),
  rule(`before=daypart? h=num noon`, (p) => (value(p['h']) === 12 ? said(12, 0, p) : null)),
  rule(
    `at=at|on|for? h=num ish? after=daypart !num.colon|num.oclock|num.hour|num.meridiem|num.past|num.num|num.to.num`,
    (p) => withPart(p),
  ),
  rule(`at=at|on|for? h=num ish? after=daypart|today_part !num.colon|num.past|num.to.num`, (p) => withPart(p)),
  rule(`before=meridiem h=num`, (p) => withPart(p)),
  rule(
    `before=daypart|today_part at=at|comma? h=num ish? !people|child|companion|month|of|day_mark|month_mark|slash|ord|weeks|days|duration|unit|street`,
    (p) => compact(p) ?? withPart(p),
  ),
  rule(`at h=num !people|child|duration|unit|street`, (p) => compact(p)),
  rule(`before=daypart|today_part? at? h=noon after=daypart?`, (p) => {
    const { h } = p
    const literal = said(value(h) / 60, 0, {})
    return (
      literal && { ...literal, half: value(h) === 0 ? 'am' : 'pm', daypart: value(h) === 0 ? dayparts.night : null }
    )
  }),
])

/** An hour with the part of the day that it belongs to. */
function withPart(p: Parts): Said | null {
  const hour = value(p['h'])
  return hour >= 1 && hour <= 24 ? said(hour, 0, p) : null
}

/** Seven thirty; seven oh five is read as its own number before. */
function spoken(p: Parts): Said | null {
  const [hour, minute] = [value(p['h']), value(p['m'])]
  return hour >= 1 && hour <= 23 && minute >= 10 && minute < 60 ? said(hour, minute, p) : null
}

const bothSpelled = (p: Parts): boolean => p['h']?.digits === 0 && p['m']?.digits === 0 && value(p['m']) % 5 === 0

/** Times that only their place tells: at 7, 7ish, make it 8. Read last, when dates and parties are known. */
export const bareClockGrammar: Grammar<Said> = grammar<Said>([
  rule('h=num ish', (p) => bare(p, true)),
  rule('h=num suits', (p) => inPlace(p)),
  rule('<not.num.comma h=num !people|child|unit', (p) => inPlace(p)),
  rule(
    'at the? h=num !people|child|companion|street|month|of|dash|slash|dot.num|unit|duration|word.word.num',
    (p, { reading, to }) =>
      // At Four Seasons: a name, not four o'clock.
      p['h']?.capital && reading.tokens[to]?.capital ? null : bare(p, true),
  ),
  rule('to h=num !people|child|companion|unit|duration|month|days|weeks|hour|ord', (p) => inPlace(p)),
  rule('between the? h=num !people|and.num.people|child|companion|unit|duration|month|days|weeks', (p) =>
    bare(p, true),
  ),
  rule('<between.num.and h=num !people|unit|duration|days|weeks', (p) => bare(p, true)),
  rule('from h=num !people|child|companion|unit|duration|month|days|weeks', (p) => bare(p, false)),
  rule('make_it h=num !people|child|companion|unit|duration|month|num|street|weeks|days|more|colon|table', (p) =>
    inPlace(p),
  ),
  rule('<or h=num !people', (p) => bare(p, false)),
])

function inPlace(p: Parts): Said | null {
  const time = bare(p, false)
  return time && { ...time, instead: true }
}

function bare(p: Parts, sure: boolean): Said | null {
  const { h } = p
  // Make one reservation: not one o'clock.
  if (h?.value === 1 && h.digits === 0 && (p['make_it'] || p['suits'])) return null
  if (!h || h.digits > 2 || h.value < 1 || h.value > 23) return null
  return said(h.value, 0, p, sure)
}

/** An hour alone, as the answer to a question for the time. */
export const saidHour = (hour: number): Said => ({
  hour,
  minute: 0,
  half: null,
  daypart: null,
  sure: true,
  instead: false,
})
