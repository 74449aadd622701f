import type { Row } from '../measure/table.ts'

export type Options = {
  /** How long one stretch of load is. */
  seconds: number
  rounds: number
  /** Sizes of history, ascending. */
  rows: number[]
  say: (line: string) => void
}

export type Part = (options: Options) => Promise<Row[]>
