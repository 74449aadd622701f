import { addDays } from '../platform/time.ts'
import { servicesOn } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { forecastCovers, forecastModel } from './forecast-rules.ts'
import { type KeptForecast, type KnownDay, mostAhead } from './forecast-schema.ts'
import { publicHolidays } from './holiday-rules.ts'
import type { BookingChange } from './on-hand-rules.ts'
import { daysFrom } from './rules.ts'

type House = Pick<Restaurant, 'timezone' | 'hours' | 'special_days'>

/**
 * R191. The forecasts of a morning, from the days before it and what was on the books the evening before: so one that is
 * made for a morning long past knows no more than it did then. A special day with hours is a holiday, as public ones are.
 */
export function forecastsMadeOn(house: House, known: readonly KnownDay[], madeOn: string): KeptForecast[] {
  const known_through = addDays(madeOn, -1)
  const first = known.findIndex((day) => day.covers > 0)
  const before = first === -1 ? [] : known.slice(first).filter((day) => day.date <= known_through)
  const bookings = new Map<string, BookingChange[]>(known.map((day) => [day.date, day.booked]))
  const special = house.special_days.filter((day) => day.hours.length > 0).map((day) => day.date)
  const until = addDays(madeOn, mostAhead + 1)
  const holidays = new Set([...special, ...publicHolidays(house.timezone, known[0]?.date ?? madeOn, until)])
  const days = daysFrom(madeOn, addDays(madeOn, mostAhead)).map((date) => ({
    date,
    closed: servicesOn(house, date).length === 0,
  }))
  // Closed, nobody could come; open and nobody came, that is how the day was.
  const history = before.filter((day) => day.open || day.covers > 0).map(({ date, covers }) => ({ date, covers }))
  return forecastCovers({ history, known_through, days, holidays, bookings }).map(
    ({ for_day, covers, low, high, naive, on_hand }) => ({
      for_day,
      made_on: madeOn,
      covers: tenths(covers),
      low: tenths(low),
      high: tenths(high),
      naive,
      on_hand,
      model: forecastModel,
    }),
  )
}

const tenths = (value: number): number => Math.round(value * 10) / 10
