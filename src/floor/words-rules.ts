import { clock, wallOf } from '../platform/time.ts'
import type { InTheWay } from './schema.ts'

/** "Table 4 is Ana's from 20:00 to 21:30 (party of 2, ABC234)." */
export function inTheWaySentence(one: InTheWay, timezone: string): string {
  const wall = (at: string): string => clock(wallOf(Date.parse(at), timezone).minute)
  const until = one.ends_at === null ? '' : ` to ${wall(one.ends_at)}`
  const when = `from ${wall(one.starts_at)}${until}`
  const facts = [one.party_size ? `party of ${one.party_size}` : null, one.code ?? null].filter((fact) => fact !== null)
  const more = facts.length > 0 ? ` (${facts.join(', ')})` : ''
  return `Table ${one.table} ${holderOf(one)} ${when}${more}.`
}

function holderOf(one: InTheWay): string {
  if (one.kind === 'block') return `is blocked${one.reason ? `, ${one.reason},` : ''}`
  if (one.kind === 'session') return 'has an open session'
  const who = one.name ?? (one.kind === 'walk_in' ? 'a walk-in' : 'a party without a name')
  if (one.kind === 'hold') return 'is held for somebody'
  return one.status === 'seated' ? `has ${who} seated` : `is taken by ${who}`
}
