import type { Outcome } from './run.ts'
import type { Violation } from './stage.ts'

type Column = [title: string, width: number, of: (one: Outcome) => string]

const columns: Column[] = [
  ['scenario', -16, (one) => one.scenario.name],
  ['rounds', 6, (one) => String(one.rounds)],
  ['requests', 8, (one) => String(one.requests)],
  ['booked', 6, (one) => String(one.booked)],
  ['refused', 7, (one) => String(one.refused)],
  ['moved', 6, (one) => String(one.moved)],
  ['ended', 6, (one) => String(one.ended)],
  ['retried', 7, (one) => String(one.retried)],
  ['overlaps', 8, (one) => String(one.overlaps)],
  ['false no', 8, (one) => String(one.false_refusals)],
  ['5xx', 5, (one) => String(one.server_errors)],
  ['deadlocks', 9, (one) => String(one.deadlocks)],
  ['p50 ms', 6, (one) => one.p50_ms.toFixed(0)],
  ['p99 ms', 6, (one) => one.p99_ms.toFixed(0)],
  ['s', 5, (one) => one.seconds.toFixed(1)],
  ['verdict', -7, (one) => (one.violations.length === 0 ? 'holds' : 'BROKEN')],
]

const pad = (text: string, width: number): string => (width < 0 ? text.padEnd(-width) : text.padStart(width))

export function headLine(): string {
  return columns.map(([title, width]) => pad(title, width)).join('  ')
}

export function line(outcome: Outcome): string {
  return columns.map(([, width, of]) => pad(of(outcome), width)).join('  ')
}

const shown_a_kind = 3
const shown_rows = 4

/** Each kind of violation with its first cases and the rows that show them. */
export function violationLines(outcome: Outcome): string[] {
  const kinds = Map.groupBy(outcome.violations, (one: Violation) => one.oracle)
  return [...kinds].flatMap(([oracle, cases]) => [
    `  ${outcome.scenario.name}: ${oracle}, ${cases.length} ${cases.length === 1 ? 'case' : 'cases'}`,
    ...cases
      .slice(0, shown_a_kind)
      .flatMap((one) => [
        `    ${one.message}`,
        ...one.rows.slice(0, shown_rows).map((row) => `      ${typeof row === 'string' ? row : JSON.stringify(row)}`),
      ]),
  ])
}
