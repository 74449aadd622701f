import { percentile } from './room.ts'
import type { Run } from './run.ts'
import { countOf, sumOf, type Finding, type Tally } from './tally.ts'

const mostFindings = 20
/** Each makes the replay fail. */
const failing: Record<Finding['kind'], string> = {
  false_refusal: 'false refusals',
  overlap: 'overlaps',
  misbooking: 'wrong bookings',
  false_offer: 'false offers',
  server_error: '5xx or no answer',
  lost: 'bookings lost',
}

export function passes(tallies: Tally[]): boolean {
  const sum = sumOf(tallies)
  return sum.findings.length === 0 && sum.overlaps_in_sql === 0
}

/** The whole report as lines. */
export function report(run: Run): string[] {
  const sum = sumOf(run.tallies)
  const codes = [...sum.refused.keys()].toSorted()
  const rows = [...run.tallies, sum].map((tally) => rowOf(tally, codes))
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((of) => `${percentile(run.latencies, of).toFixed(1)} ms`)
  const { requests, round_trips } = run.together
  return [
    ...tableOf([headOf(codes), ...rows]),
    '',
    `answers           ${sum.requests} requests: ${sum.booked} booked (${percent(sum.booked, sum.requests)}), ${codes.map((code) => `${sum.refused.get(code) ?? 0} ${code}`).join(', ') || 'none refused'}`,
    `covers            ${sum.covers_booked} of ${sum.covers_asked} booked`,
    `speed             ${requests} requests side by side in ${run.seconds.toFixed(1)} s (${(requests / run.seconds).toFixed(0)}/s): p50 ${p50}, p95 ${p95}, p99 ${p99}`,
    `round trips       ${(round_trips / Math.max(1, requests)).toFixed(3)} per request, side by side, with the looking up of keys`,
    ...[...run.alone].map(
      ([name, counts]) =>
        `                  ${(counts.reduce((a, b) => a + b, 0) / counts.length).toFixed(2)} per ${name} (least ${Math.min(...counts)}, most ${Math.max(...counts)}; ${counts.length} made alone)`,
    ),
    `database errors   ${run.database_errors}`,
    `offers            ${sum.offers} other times offered with refusals, ${countOf(sum, 'false_offer')} of them not to be had`,
    '',
    `overlaps in SQL   ${sum.overlaps_in_sql}`,
    ...Object.entries(failing).map(([kind, name]) => {
      const found = sum.findings.filter((one) => one.kind === kind).length
      return `${name.padEnd(17)} ${found}`
    }),
    ...sum.findings
      .slice(0, mostFindings)
      .map((one) => `  ! restaurant ${one.restaurant}, line ${one.line}: ${one.says}`),
    ...(sum.findings.length > mostFindings ? [`  ! and ${sum.findings.length - mostFindings} more`] : []),
  ]
}

function headOf(codes: string[]): string[] {
  const room = ['restaurant', 'tables', 'joined', 'seats']
  return [...room, 'requests', 'booked', ...codes, 'covers', 'filled', 'used', 'overlaps', 'false refusals']
}

function rowOf(tally: Tally, codes: string[]): string[] {
  return [
    ...[tally.restaurant, tally.tables, tally.combinations, tally.seats, tally.requests, tally.booked].map(String),
    ...codes.map((code) => String(tally.refused.get(code) ?? 0)),
    String(tally.covers_booked),
    percent(tally.covers_booked, tally.seats_given),
    percent(tally.seat_minutes, tally.seat_minutes_open),
    String(Math.max(tally.overlaps_in_sql, countOf(tally, 'overlap'))),
    String(countOf(tally, 'false_refusal')),
  ]
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`
}

function tableOf(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  '))
}
