import { brief } from './check-records.ts'
import { momentsOf, type Deed } from './deed.ts'
import { slotOf, waysToSeat, windowOf } from './rules.ts'
import type { Scenario, Stage } from './stage.ts'
import { staysOf, withoutRepeats, type Stay } from './stays.ts'

/** Refusals that other guests' deeds can bring about; any other in these scenarios is a mistake. */
const fair = new Set([
  'sold_out',
  'pacing_covers',
  'pacing_parties',
  'phone_overlap',
  'phone_has_upcoming',
  'hold_expired',
  'illegal_step',
  'stale_version',
  'no_table_fits',
  'table_too_small',
  'idempotency_key_reused',
])

function makesSense({ code, verb }: Deed): boolean {
  return fair.has(code ?? '') || (verb === 'read' && code === 'not_found')
}

/** O8. Everybody gets an answer with a name; nothing is ever 500, and 5xx only while something is broken. */
export function checkTyped({ violate }: Stage, scenario: Scenario, deeds: Deed[]): number {
  const unanswered = deeds.filter((deed) => deed.status === 0 || deed.status >= 500)
  if (unanswered.length > 0)
    violate(
      'O8 no answer',
      `${unanswered.length} clients had no answer, or one that says nothing`,
      unanswered.map(brief),
    )
  const unnamed = deeds.filter((deed) => deed.status >= 400 && !makesSense(deed))
  if (unnamed.length > 0) violate('O8 refusal', `${unnamed.length} answers that make no sense here`, unnamed.map(brief))
  const unseated = deeds.filter((deed) => deed.verb !== 'read' && deed.status > 0 && deed.status < 300 && !deed.seat)
  if (unseated.length > 0) violate('O8 shape', `${unseated.length} answers without a seat`, unseated.map(brief))

  const failures = deeds.flatMap((deed) => deed.failures)
  const allowed = (failure: string): boolean => scenario.faulty === true && !/^50[^3]|^503 null/.test(failure)
  const wrong = deeds.filter((deed) => deed.failures.some((failure) => !allowed(failure)))
  if (wrong.length > 0) violate('O8 5xx', `${wrong.length} requests met a failure they should not`, wrong.map(brief))
  return (
    failures.filter((failure) => failure.startsWith('5')).length + deeds.filter((deed) => deed.status === 500).length
  )
}

/**
 * Nobody was refused while a table that fits was free for as long as the question was open, or while the kitchen had
 * room; and a seat that was given is one that fits.
 */
export function checkRefusals({ violate, houses }: Stage, deeds: Deed[]): number {
  let wrong = 0
  for (const house of houses) {
    const own = withoutRepeats(deeds.filter((deed) => deed.house === house))
    const stays = staysOf(own, house.rules.buffer_minutes)
    for (const deed of own) {
      const reproach = deed.status < 300 ? misfit(deed) : falseRefusal(deed, stays)
      if (reproach === null) continue
      wrong += 1
      violate(deed.status < 300 ? 'seat' : 'false refusal', reproach, [brief(deed)])
    }
  }
  return wrong
}

function falseRefusal(deed: Deed, stays: Stay[]): string | null {
  const { house, wish, code } = deed
  if (!wish || code === null) return null
  if (code === 'no_table_fits' || code === 'table_too_small')
    return waysToSeat(house, wish).length > 0 ? `refused as ${code} although a table seats the party` : null
  const others = stays.filter((stay) => mayMeet(stay, deed))
  if (code === 'sold_out') {
    const { from, until } = windowOf(house, wish)
    const taken = new Set(others.flatMap((stay) => (stay.from < until && stay.until > from ? stay.tables : [])))
    const free = waysToSeat(house, wish).find((tables) => !tables.some((id) => taken.has(id)))
    const numbers = free?.map((id) => house.tables.find((table) => table.id === id)?.number).join('+')
    return free ? `sold out although table ${numbers} was free all the while` : null
  }
  const { max_covers_per_slot, max_parties_per_slot } = house.rules.pacing
  const slot = slotOf(house, windowOf(house, wish).from, wish.date)
  const paced = new Map(
    others.flatMap((stay) => (stay.from >= slot.from && stay.from < slot.until ? [[stay.reservation, stay]] : [])),
  )
  const covers = [...paced.values()].reduce((sum, stay) => sum + stay.party, 0)
  if (code === 'pacing_parties' && paced.size + 1 <= (max_parties_per_slot ?? Infinity))
    return `paced although at most ${paced.size} of ${max_parties_per_slot} parties came`
  if (code === 'pacing_covers' && covers + wish.party <= (max_covers_per_slot ?? Infinity))
    return `paced although at most ${covers} of ${max_covers_per_slot} covers came`
  return null
}

/** Whether this stay may have stood in the way while the question was open. */
function mayMeet(stay: Stay, deed: Deed): boolean {
  if (stay.reservation === deed.subject) return false
  return stay.since <= deed.answered_at && stay.to >= deed.sent_at && stay.expires_at > momentsOf(deed).first
}

function misfit({ house, wish, seat, verb }: Deed): string | null {
  if (!wish || !seat || verb === 'read') return null
  const { from, until } = windowOf(house, wish)
  if (!waysToSeat(house, wish).some((tables) => tables.toSorted().join() === seat.tables.toSorted().join()))
    return 'was given a seat that does not fit'
  const right = seat.starts_at === from && seat.ends_at + house.rules.buffer_minutes * 60_000 === until
  return right && seat.party === wish.party ? null : 'was given another time or party than it asked for'
}

/** Pacing is never exceeded, by what is in the book at the end: a cap that held then held all along, but for cancels. */
export function checkPacing({ violate, houses }: Stage, deeds: Deed[]): void {
  for (const house of houses) {
    const { max_covers_per_slot, max_parties_per_slot } = house.rules.pacing
    if (max_covers_per_slot === null && max_parties_per_slot === null) continue
    const stays = staysOf(withoutRepeats(deeds.filter((deed) => deed.house === house)), house.rules.buffer_minutes)
    const slots = new Map<number, { covers: number; parties: number }>()
    for (const stay of stays.filter((one) => one.to === Infinity)) {
      const slot = slotOf(house, stay.from, localDate(stay.from))
      const load = slots.get(slot.from) ?? { covers: 0, parties: 0 }
      slots.set(slot.from, { covers: load.covers + stay.party, parties: load.parties + 1 })
    }
    for (const [from, load] of slots) {
      if (load.covers <= (max_covers_per_slot ?? Infinity) && load.parties <= (max_parties_per_slot ?? Infinity))
        continue
      violate('pacing', `${load.parties} parties, ${load.covers} covers in one slot`, [
        { house: house.name, slot: new Date(from).toISOString(), ...house.rules.pacing },
      ])
    }
  }
}

function localDate(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 10)
}
