import * as z from 'zod'
import { LocalDate } from '../platform/text.ts'

export const mostAhead = 30

export const ForecastQuery = z
  .strictObject({
    from: LocalDate.optional().meta({ description: 'First service day; four weeks back where not said' }),
    to: LocalDate.optional().meta({ description: 'Last service day; two weeks ahead where not said' }),
  })
  .meta({ id: 'ForecastQuery' })
export type ForecastQuery = z.infer<typeof ForecastQuery>

const covers = z.number().min(0)

export const ForecastDay = z
  .object({
    date: z.string(),
    made_on: z.string().meta({
      description: 'The service day on whose morning it was made: the last before `date`, or the latest there is',
    }),
    horizon_days: z.int().min(0).meta({ description: '`date` less `made_on`' }),
    covers: covers.meta({ description: 'Expected covers; as likely to be more as to be fewer' }),
    low: covers.meta({ description: 'Nine days in ten bring more' }),
    high: covers.meta({ description: 'Nine days in ten bring fewer' }),
    on_hand: z.int().meta({ description: 'Covers on the books when it was made' }),
    naive: z.int().nullable().meta({ description: 'Covers of the same weekday when it was last open' }),
    actual: z.int().nullable().meta({ description: 'Covers that came; null until the day is over' }),
  })
  .meta({ id: 'ForecastDay' })
export type ForecastDay = z.infer<typeof ForecastDay>

export const ForecastError = z
  .object({
    horizon_days: z.int(),
    days: z
      .int()
      .meta({ description: 'Days of the range that are over, were open and had a forecast of this horizon' }),
    mean_absolute_error: z.number().meta({ description: 'In covers a day' }),
    naive_mean_absolute_error: z
      .number()
      .nullable()
      .meta({ description: 'Of the seasonal-naive forecast on those of the days that had one' }),
    within_interval: z
      .number()
      .meta({ description: 'Share of the days between low and high; 0.8 is what it should be' }),
  })
  .meta({ id: 'ForecastError' })
export type ForecastError = z.infer<typeof ForecastError>

export const ForecastAnswer = z
  .object({
    from: z.string(),
    to: z.string(),
    model: z.string().nullable(),
    days: z.array(ForecastDay),
    errors: z.array(ForecastError),
  })
  .meta({ id: 'ForecastAnswer' })
export type ForecastAnswer = z.infer<typeof ForecastAnswer>

/** What is known of a day when forecasts are made: covers that came, and how bookings came in and went, by lead. */
export const KnownDay = z.object({
  date: z.string(),
  covers: z.int(),
  open: z.boolean(),
  booked: z.array(z.object({ lead_days: z.int(), covers: z.int() })),
})
export type KnownDay = z.infer<typeof KnownDay>

/** A forecast as it is kept. */
export type KeptForecast = {
  for_day: string
  made_on: string
  covers: number
  low: number
  high: number
  naive: number | null
  on_hand: number
  model: string
}
