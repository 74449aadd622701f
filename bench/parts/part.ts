import type { Row } from '../measure/table.ts'

export type Options = {
  /** How long one stretch of load is. */
  seconds: number
  rounds: number
  /** Sizes of history, ascending. */
  rows: number[]
  /** What the part `forecast` reads; null where it finds out itself. */
  forecast: { file: string; bookings: string | null; cutoff: string | null; horizon: number; holidays: string[] | null }
  /** Sentences of diners: where they are, and whether to say which are not understood. */
  extract: { file: string; failures: boolean }
  say: (line: string) => void
}

export type Part = (options: Options) => Promise<Row[]>
