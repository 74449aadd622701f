const months = 'January February March April May June July August September October November December'.split(' ')

/** What is wrong with a date that is written as it should be and is in no calendar; null where that is not so. */
export function noSuchDay(text: string): string | null {
  const written = /^(\d{4})-(\d\d)-(\d\d)(?!\d)/.exec(text)
  if (!written) return null
  const [year = 0, month = 0, day = 0] = written.slice(1).map(Number)
  const name = months[month - 1]
  if (name === undefined) return `there is no month ${month}`
  const lasts = new Date(Date.UTC(year, month, 0)).getUTCDate()
  return day >= 1 && day <= lasts ? null : `there is no ${day} ${name} ${year}`
}
