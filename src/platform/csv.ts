export type Cell = string | number | boolean | null

/**
 * Rows as RFC 4180 writes them, with CRLF. A text that a spreadsheet would take for a formula gets an apostrophe in front;
 * a plain E.164 number does not, since all it could come to is itself.
 */
export function csvOf(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const safe = formula.test(cell) && !e164.test(cell) ? `'${cell}` : cell
  return /[",\r\n\t]|^\s|\s$|^'/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** As OWASP lists them, the wide forms too: spreadsheets narrow those before they look. */
const formula = /^[\s\p{Cc}]*[=+\-@＝＋－＠]|^[\t\r\n]/u
const e164 = /^\+[1-9]\d{6,14}$/
