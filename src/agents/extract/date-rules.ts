import * as calendar from './calendar-rules.ts'
import { grammar, type Grammar, rule } from './grammar-rules.ts'
import {
  dotted,
  fromThere,
  inDays,
  isDay,
  isVerb,
  loneDay,
  monthAndDay,
  nthWeekday,
  nextOne,
  ofNextWeek,
  type SaidDay,
  thisMonth,
  touching,
  value,
  whereItFalls,
} from './said-day-rules.ts'

/** Weekdays that come with another date only say which it is. */
const weekdayToo = 'wd=weekday? comma?'

/** R212. The ways to say a day, the longest first. */
export const dateGrammar: Grammar<SaidDay> = grammar<SaidDay>([
  rule('y=num dash|slash|dot mo=num dash|slash|dot d=num', (p) =>
    p['y']?.digits === 4 ? ({ today }) => calendar.monthDay(today, value(p['mo']), value(p['d']), value(p['y'])) : null,
  ),
  rule('on|date_the|for? a=num slash|dot|dash b=num slash|dot|dash y=num', (p) => {
    const { a, b, y } = p
    if (!isDay(a) || !isDay(b) || !y || ![2, 4].includes(y.digits) || !touching(b, y)) return null
    return ({ today, month_first }) => calendar.numeric(today, value(a), value(b), y.value, month_first)
  }),
  rule('<!slash on=on|date_the|for|the? a=num slash b=num !slash|people', (p) => {
    const { a, b } = p
    if (
      !isDay(a) ||
      !isDay(b) ||
      !touching(b) ||
      (a?.value === 24 && b?.value === 7) ||
      (a?.value === 1 && b?.value === 2 && !p['on'])
    )
      return null
    return ({ today, month_first }) => calendar.numeric(today, value(a), value(b), undefined, month_first)
  }),
  rule('on=on|date_the? a=num dot b=num dot !num', (p, { reading }) => dotted(p, reading)),
  rule('on=date_the|on a=num dot b=num !dot', (p, { reading }) => dotted(p, reading)),
  rule(`${weekdayToo} on|for? the|date_the? mo=month the? d=ord comma? y=num`, monthAndDay),
  rule(`${weekdayToo} on|for? the|date_the? mo=month the? d=ord`, monthAndDay),
  rule(`${weekdayToo} on|for? the|date_the? d=ord|num dot? day_word? of? mo=month of? comma? y=num`, monthAndDay),
  rule(`${weekdayToo} on|for? the|date_the? d=ord dot? day_word? of? mo=month`, monthAndDay),
  rule(`${weekdayToo} on|for? mo=month d=num comma? y=num`, monthAndDay),
  rule(`${weekdayToo} on|date_the? the? d=num dot? day_mark? of? mo=month !ord`, monthAndDay),
  rule(`${weekdayToo} on? mo=month d=num !colon|people|child|meridiem|oclock|hour|slash`, monthAndDay),
  rule('y=num month_mark mo=num month_mark d=num day_mark?', (p) => (p['y']?.digits === 4 ? monthAndDay(p) : null)),
  rule('mo=num month_mark d=num day_mark? wd=weekday?', monthAndDay),
  rule('mo=month d=num day_mark wd=weekday?', monthAndDay),
  rule('on? the|date_the? d=ord|num day_word? of? this month_word', thisMonth(0)),
  rule('on? the|date_the? d=ord|num day_word? of? the month_word', thisMonth(0)),
  rule('on? the|date_the? d=ord|num day_word? of? next month_word', thisMonth(1)),
  rule('on? the|date_the? d=ord|num day_word? of? the? month_word next', thisMonth(1)),
  rule('this month_word d=num day_mark', thisMonth(0)),
  rule('next month_word d=num day_mark', thisMonth(1)),
  rule(
    'n=feast',
    (p) =>
      ({ today }) =>
        calendar.monthDay(today, Math.floor(value(p['n']) / 100), value(p['n']) % 100),
  ),
  rule('on|for? the|date_the? d=ord wd=weekday of|in mo=month', nthWeekday),
  rule('on|for? the d=ord wd=weekday', whereItFalls),
  rule('a|num week from|on wd=weekday|day|today_part', (p) => fromThere(p, 7)),
  rule('n=num weeks from wd=weekday|day', (p) => fromThere(p, 7 * value(p['n']))),
  rule('n=num days from wd=weekday|day', (p) => fromThere(p, value(p['n']))),
  rule('in n=num|a weeks|week wd=weekday?', (p) => inDays(p, 7 * value(p['n']))),
  rule('in n=num|a days|day_word', (p) => inDays(p, value(p['n']))),
  rule('n=num weeks from_now', (p) => inDays(p, 7 * value(p['n']))),
  rule('n=num days from_now', (p) => inDays(p, value(p['n']))),
  rule('n=num day_mark from_now', (p) => inDays(p, value(p['n']))),
  rule('on? wd=weekday in n=num|a weeks|week', (p) => inDays(p, 7 * value(p['n']))),
  rule('day=day in n=num|a weeks|week|days', (p) => inDays(p, 7 * value(p['n']))),
  rule('day=day week', (p) => inDays(p, 7)),
  rule(
    'on? wd=weekday after_next',
    (p) =>
      ({ today }) =>
        calendar.nextWeekday(today, value(p['wd']), 2),
  ),
  rule(
    'on? the? wd=weekday of? this week',
    (p) =>
      ({ today }) =>
        calendar.thisWeekday(today, value(p['wd'])),
  ),
  rule('on? the? wd=weekday of? the? next week', ofNextWeek),
  rule('on? the? wd=weekday of? the? week next', ofNextWeek),
  rule('next week comma? on|the|date_the? wd=weekday', ofNextWeek),
  rule('week next comma? on|the|date_the? wd=weekday', ofNextWeek),
  rule(
    'this week on|the|date_the? wd=weekday',
    (p) =>
      ({ today }) =>
        calendar.thisWeekday(today, value(p['wd'])),
  ),
  rule('wd=next_weekday', ofNextWeek),
  rule('on|for? the|date_the? n=next wd=weekday', (p) => nextOne(p)),
  rule('on? the|date_the? wd=weekday n=next !week', (p) => nextOne(p)),
  rule(
    'on|for? this wd=weekday',
    (p) =>
      ({ today }) =>
        calendar.thisWeekday(today, value(p['wd'])),
  ),
  rule(
    'on|for? the|date_the? wd=weekday this',
    (p) =>
      ({ today }) =>
        calendar.thisWeekday(today, value(p['wd'])),
  ),
  rule('on|for? the|date_the? wd=weekday week', (p) => inDays(p, 7)),
  rule('on|date_the|the? wd=weekday comma? the|date_the? d=ord', (p) =>
    isDay(p['d']) ? ({ today }) => calendar.dayOfMonth(today, value(p['d'])) : null,
  ),
  rule('on|date_the|the? wd=weekday comma? d=num dot|day_mark', (p) =>
    isDay(p['d']) ? ({ today }) => calendar.dayOfMonth(today, value(p['d'])) : null,
  ),
  rule('on|date_the|the? wd=weekday date_the d=num !people|colon|hour', (p) =>
    isDay(p['d']) ? ({ today }) => calendar.dayOfMonth(today, value(p['d'])) : null,
  ),
  rule('<!at the d=ord day_mark? !birthday|street|people|child|weekday', loneDay),
  rule('<!at on d=ord !birthday|street|people|child', loneDay),
  rule('date_the d=ord !birthday|street|people|child', loneDay),
  rule('the=for d=ord !birthday|street|people|child|weekday', (p, around) =>
    p['the']?.value === 1 ? loneDay(p, around) : null,
  ),
  rule('<!at|at.the on=for? d=ord !birthday|street|people|child|word', loneDay),
  rule(
    'on the? d=num !people|child|street|colon|dot.num|slash|dash|meridiem|oclock|hour|half|quarter|duration|unit|minus|and.half',
    loneDay,
  ),
  rule(
    'date_the d=num dot? !people|child|street|colon|dot.num|slash|dash|meridiem|oclock|hour|half|quarter|duration|unit|minus|and.half|num',
    loneDay,
  ),
  rule('d=num day_mark', loneDay),
  rule('on|for? wd=weekday', (p, { reading, from }) =>
    isVerb(p, reading, from) ? null : ({ today }) => calendar.weekday(today, value(p['wd'])),
  ),
  rule('on|for? day=day|today_part', (p) => {
    const { day } = p
    return ({ today }) => calendar.daysAhead(today, day?.kind === 'day' ? day.value : 0)
  }),
])
