import type { Restaurant } from '../restaurants/schema.ts'
import type { FloorClaim, Party } from './floor-schema.ts'

const minuteMs = 60_000

/** R110. Minutes a party is past its time, or past the time it told of, and not here; 0 where it is not late. */
export function lateMinutes(party: Party, now: number): number {
  if (!isAwaited(party)) return 0
  const expected = party.starts_at + (party.late_minutes ?? 0) * minuteMs
  return Math.max(0, Math.floor((now - expected) / minuteMs))
}

/** R111. Minutes a seated party is past its planned end; 0 where it is not. */
export function overstayMinutes(party: Party, now: number): number {
  return party.status === 'seated' ? Math.max(0, Math.floor((now - party.ends_at) / minuteMs)) : 0
}

/** Past its end by this much somebody probably forgot to say that a party left; by more than the second, nobody asks. */
export const forgottenMinutes = 120
export const goneMinutes = 240
/** Who comes within this is told of: VIPs, allergies, birthdays. */
export const aheadMinutes = 120

/** R279. Whom the alerts are about: who sits, and who comes soon or should have. */
export function isTold(party: Party, now: number): boolean {
  if (party.ends_at <= now - goneMinutes * minuteMs) return false
  return party.status === 'seated' || (isAwaited(party) && party.starts_at <= now + aheadMinutes * minuteMs)
}

function isAwaited({ status }: Party): boolean {
  return status === 'pending' || status === 'confirmed'
}

/** When it will leave, in milliseconds: at its planned end, or a whole turn after it was seated where that is later. */
export function expectedEnd(party: Party): number {
  if (party.status !== 'seated' || party.seated_at === null) return party.ends_at
  return Math.max(party.ends_at, party.seated_at + (party.ends_at - party.starts_at))
}

/** Whether somebody is at the table itself, and not only has it in the book. */
export function isSeated(claim: FloorClaim): boolean {
  if (claim.kind === 'session') return true
  return claim.party?.status === 'seated'
}

/** Whether a claim has its table at an instant; `live`: the instant is now, and who sits there past its claim has it too. */
export function holdsAt(claim: FloorClaim, at: number, live: boolean): boolean {
  if (live && claim.party?.status === 'seated') return claim.starts_at <= at || claim.party.seated_at !== null
  return claim.starts_at <= at && at < claim.ends_at
}

/** The same party at several tables is one party; in the order they come. */
export function partiesOf(claims: FloorClaim[]): { party: Party; table_ids: string[] }[] {
  const found = new Map<string, { party: Party; table_ids: string[] }>()
  for (const { party, table_id } of claims) {
    if (!party) continue
    const one = found.get(party.id)
    if (!one) found.set(party.id, { party, table_ids: [table_id] })
    else if (!one.table_ids.includes(table_id)) one.table_ids.push(table_id)
  }
  return [...found.values()].toSorted((a, b) => a.party.starts_at - b.party.starts_at)
}

/** The party that has one of these tables after this one, soonest first. */
export function nextAt(claims: FloorClaim[], table_ids: string[], party: Party): FloorClaim | undefined {
  return claims
    .filter(
      (claim) =>
        table_ids.includes(claim.table_id) &&
        claim.owner !== party.id &&
        claim.starts_at > party.starts_at &&
        (claim.party?.status === 'pending' || claim.party?.status === 'confirmed'),
    )
    .toSorted((a, b) => a.starts_at - b.starts_at)[0]
}

/** R112. By how many minutes its next party will find the table taken, as far as is known now. */
export function knockOnMinutes(party: Party, next: FloorClaim, now: number): number {
  const leaves = Math.max(expectedEnd(party), party.status === 'seated' ? now : 0)
  return Math.max(0, Math.ceil((leaves - next.starts_at) / minuteMs))
}

export function tableNumbers(restaurant: Restaurant, ids: string[]): string[] {
  return ids.flatMap((id) => restaurant.tables.filter((table) => table.id === id)).map((table) => table.number)
}
