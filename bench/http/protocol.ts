import * as z from 'zod'
import { Restaurant } from '../../src/restaurants/schema.ts'

/** What the process that makes the load is told once. */
export const Setting = z.object({
  origin: z.string(),
  bare_origin: z.string(),
  control_origin: z.string(),
  database_url: z.string(),
  key: z.string(),
  /** Of a hundred other restaurants, where the crowd that `hot` sends to one is spread over them. */
  other_keys: z.array(z.string()),
  restaurant: Restaurant,
  connections: z.int(),
  first_day: z.string(),
  /** Whose claims are read. */
  read_days: z.array(z.string()),
})
export type Setting = z.infer<typeof Setting>

export const loads = [
  'bare',
  'book',
  'book_statement',
  'availability',
  'availability_statement',
  'hot',
  'seated',
  'spread',
] as const

/** One stretch of load, and the number of the first party that asks in it. */
export const Stretch = z.object({ load: z.enum(loads), seconds: z.number(), first_party: z.int(), most: z.int() })
export type Stretch = z.infer<typeof Stretch>

export const Told = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({
    figures: z.object({
      count: z.int(),
      rate: z.number(),
      p50: z.number(),
      p99: z.number(),
      outcomes: z.record(z.string(), z.int()),
    }),
  }),
])
export type Told = z.infer<typeof Told>
