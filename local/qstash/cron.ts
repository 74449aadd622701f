type Field = { from: number; to: number }

const fields: Field[] = [
  { from: 0, to: 59 },
  { from: 0, to: 23 },
  { from: 1, to: 31 },
  { from: 1, to: 12 },
  { from: 0, to: 7 },
]

/** The first minute after `after` (milliseconds) that a five-field cron in UTC names. Throws on anything else. */
export function nextCron(cron: string, after: number): number {
  const parts = cron.trim().split(/\s+/)
  if (parts.length !== fields.length) throw new Error(`invalid cron: ${cron}`)
  const [minutes, hours, days, months, weekdays] = fields.map((field, index) => members(parts[index] ?? '', field))
  const anyDay = parts[2] === '*' || parts[4] === '*'
  let at = Math.floor(after / 60_000) * 60_000 + 60_000
  for (const end = at + 5 * 366 * 86_400_000; at < end;) {
    const date = new Date(at)
    const day = days?.has(date.getUTCDate())
    const weekday = weekdays?.has(date.getUTCDay()) || (date.getUTCDay() === 0 && weekdays?.has(7))
    // Vixie cron's rule: with both days restricted, either will do.
    const onDay = anyDay ? day && weekday : day || weekday
    if (!onDay || !months?.has(date.getUTCMonth() + 1))
      at = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1)
    else if (!hours?.has(date.getUTCHours())) at += 3_600_000 - (at % 3_600_000)
    else if (!minutes?.has(date.getUTCMinutes())) at += 60_000
    else return at
  }
  throw new Error(`cron never comes: ${cron}`)
}

/** The numbers that one field names: `*`, `5`, `1-5`, a step after a slash, and lists of these. */
function members(text: string, { from, to }: Field): Set<number> {
  const found = new Set<number>()
  for (const part of text.split(',')) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part)
    if (!match) throw new Error(`invalid cron field: ${text}`)
    const [, first, last, step] = match
    const start = Number(first ?? from)
    const end = Number(last ?? (first === undefined || step !== undefined ? to : first))
    if (start < from || end > to || start > end || step === '0') throw new Error(`invalid cron field: ${text}`)
    for (let one = start; one <= end; one += Number(step ?? 1)) found.add(one)
  }
  return found
}
