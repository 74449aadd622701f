import type { Row } from './requests.ts'
import { wallOfText } from './wall.ts'

const columns = 'restaurant,visit_at,reserved_at,party_size'
const mostMistakes = 10

/** The rows of the file, or what is wrong with it, by line. */
export function readRows(text: string): { rows: Row[] } | { mistakes: string[] } {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  if (header.trim() !== columns)
    return { mistakes: [`line 1: the columns must be "${columns}", not "${header.slice(0, 100)}"`] }
  const rows: Row[] = []
  const mistakes: string[] = []
  for (const [i, content] of lines.entries()) {
    if (content.trim() === '') continue
    const read = readRow(content, i + 2)
    if ('mistake' in read) mistakes.push(`line ${i + 2}: ${read.mistake}`)
    else rows.push(read)
  }
  if (mistakes.length > mostMistakes)
    mistakes.splice(mostMistakes, mistakes.length, `and ${mistakes.length - mostMistakes} more`)
  if (mistakes.length > 0) return { mistakes }
  return rows.length > 0 ? { rows } : { mistakes: ['there is no reservation in it'] }
}

function readRow(content: string, line: number): Row | { mistake: string } {
  const fields = content.split(',').map((field) => field.trim())
  const [restaurant = '', visit_at = '', reserved_at = '', party = ''] = fields
  if (fields.length !== 4) return { mistake: `4 columns wanted, ${fields.length} found` }
  if (restaurant === '' || restaurant.length > 80) return { mistake: 'restaurant is empty or too long' }
  const visit = wallOfText(visit_at)
  if (visit === null) return { mistake: `visit_at "${visit_at}" is no YYYY-MM-DDTHH:MM` }
  const reserved = wallOfText(reserved_at)
  if (reserved === null) return { mistake: `reserved_at "${reserved_at}" is no YYYY-MM-DDTHH:MM` }
  const party_size = Number(party)
  if (!/^\d{1,4}$/.test(party) || party_size < 1 || party_size > 1000)
    return { mistake: `party_size "${party}" is no whole number from 1 to 1000` }
  return { line, restaurant, visit, reserved, party_size }
}
