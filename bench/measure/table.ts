/** One line of the result. */
export type Row = {
  what: string
  ours: string
  /** What it is held against, in the same run. */
  yardstick: string
  ratio: number | null
  aim: { least: number } | { most: number } | null
  /** For what is no ratio: whether it holds. */
  holds?: boolean
}

/** Null where nothing was aimed at. */
export function isMet(row: Row): boolean | null {
  if (row.holds !== undefined) return row.holds
  if (row.aim === null || row.ratio === null) return null
  return 'least' in row.aim ? row.ratio >= row.aim.least : row.ratio <= row.aim.most
}

/** As a Markdown table, aligned so that it reads well on a terminal too. */
export function tableOf(rows: Row[]): string {
  const cells = [
    ['what', 'ours', 'yardstick', 'ratio', 'aim', 'met'],
    ...rows.map((row) => [
      row.what,
      row.ours,
      row.yardstick,
      row.ratio === null ? '' : row.ratio.toPrecision(3),
      row.aim === null ? '' : 'least' in row.aim ? `≥ ${row.aim.least}` : `≤ ${row.aim.most}`,
      { true: 'yes', false: 'no', null: '' }[String(isMet(row))] ?? '',
    ]),
  ]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(3, ...cells.map((line) => line[column]?.length ?? 0)))
  const [head = '', ...lines] = cells.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  )
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines].join('\n')
}

export const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString('en')}/s`
export const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`
