import * as z from 'zod'

/** `on_disk`: ours again, with its objects' storage on the disk of this machine. */
export const sides = ['ours', 'on_disk', 'plain'] as const
export const crowds = ['one', 'many'] as const

/** What the process that is the phones is told once. */
export const Setting = z.object({
  origins: z.record(z.enum(sides), z.string()),
  menu_item_id: z.string(),
  /** The tokens of the phones at each table, by crowd. */
  tables: z.record(z.enum(crowds), z.array(z.array(z.string()))),
})
export type Setting = z.infer<typeof Setting>

/** One stretch of load. `changes_per_second`: at an even pace; null: each phone as soon as it has seen its last. */
export const Stretch = z.object({
  side: z.enum(sides),
  crowd: z.enum(crowds),
  seconds: z.number(),
  changes_per_second: z.number().nullable(),
})
export type Stretch = z.infer<typeof Stretch>

/** `rate` is of changes that all have seen, times from the sending of each until each phone of its table has seen it. */
const Figures = z.object({
  count: z.int(),
  rate: z.number(),
  p50: z.number(),
  p99: z.number(),
  outcomes: z.record(z.string(), z.int()),
})
export const Told = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ figures: Figures, bytes_per_change: z.number() }),
])
export type Told = z.infer<typeof Told>
export type Measured = Extract<Told, { figures: unknown }>
