import type { Deed } from './deed.ts'
import type { Facts } from './facts.ts'
import type { Stage } from './stage.ts'
import { withoutRepeats } from './stays.ts'

type Row = Facts['reservations'][number]

const asleep = new Set(['cancelled', 'no_show', 'completed'])
/** What the ledger of demand must remember; the rest the house could never have met. */
const demand = new Set(['sold_out', 'pacing_covers', 'pacing_parties', 'phone_overlap', 'phone_has_upcoming'])

/** O1. Nobody sits on anybody's lap: by the claims, and once more by what the reservations themselves say. */
export function checkOverlaps({ violate }: Stage, facts: Facts): number {
  const byTable = new Map<string, Row[]>()
  const live = facts.reservations.filter((row) => !asleep.has(row.status) && row.hold_expires_at === null)
  for (const row of live) for (const id of row.table_ids) byTable.set(id, [...(byTable.get(id) ?? []), row])
  const pairs = [...byTable.values()].flatMap((rows) => {
    const inOrder = rows.toSorted((a, b) => a.from - b.from)
    return inOrder.flatMap((row, index) => {
      const before = inOrder[index - 1]
      return before && before.until > row.from ? [{ table_ids: row.table_ids, one: before, other: row }] : []
    })
  })
  const count = Math.max(facts.overlaps.length, pairs.length)
  if (count > 0) violate('O1 overlap', `${count} pairs share a table and a moment`, [...facts.overlaps, ...pairs])
  return count
}

/** O2. Whatever was acknowledged is there once, as it was last acknowledged, and nothing is there that was not. */
export function checkAcknowledged({ violate }: Stage, facts: Facts, deeds: Deed[]): void {
  const rows = new Map(facts.reservations.map((row) => [row.id, row]))
  const last = new Map<string, Deed>()
  for (const deed of deeds) {
    if (deed.status >= 300 || !deed.seat || deed.verb === 'read') continue
    const before = last.get(deed.seat.id)
    if (!before?.seat || before.seat.version < deed.seat.version) last.set(deed.seat.id, deed)
  }
  const lost = [...last.values()].filter((deed) => !deed.seat || !rows.has(deed.seat.id))
  if (lost.length > 0) violate('O2 lost', `${lost.length} acknowledged reservations do not exist`, lost.map(brief))

  const phantoms = facts.reservations.filter((row) => !last.has(row.id))
  if (phantoms.length > 0) violate('O2 phantom', `${phantoms.length} reservations nobody was told of`, phantoms)

  const changed = [...last.values()].filter((deed) => {
    const row = deed.seat && rows.get(deed.seat.id)
    return row && deed.seat && !agree(row, deed)
  })
  const shown = changed.map((deed) => ({ answered: brief(deed), row: rows.get(deed.seat?.id ?? '') }))
  if (changed.length > 0) violate('O2 changed', `${changed.length} reservations are not as last acknowledged`, shown)
}

/** The row is as its last answer said; only a hold may have lapsed since with nobody asking. */
function agree(row: Row, { seat }: Deed): boolean {
  if (!seat) return false
  const same =
    row.from === seat.starts_at && row.party === seat.party && row.table_ids.toString() === seat.tables.toString()
  if (row.cancel_reason === 'hold_lapsed') return same && seat.status === 'held' && row.version === seat.version + 1
  return same && row.version === seat.version && row.status === seat.status
}

/** Each reservation that is on has its claims, one a table for the whole of its time; one that is off has none. */
export function checkClaims({ violate }: Stage, facts: Facts): void {
  const claimed = new Map<string, string[]>()
  for (const { owner, table_id, from, until } of facts.claims) {
    claimed.set(owner, [...(claimed.get(owner) ?? []), `${table_id} ${from} ${until}`])
  }
  const wrong = facts.reservations.filter((row) => {
    const due = asleep.has(row.status) ? [] : row.table_ids.map((id) => `${id} ${row.from} ${row.until}`)
    return due.toSorted().toString() !== (claimed.get(row.id) ?? []).toSorted().toString()
  })
  const shown = wrong.map((row) => ({ ...row, claims: claimed.get(row.id) ?? [] }))
  if (wrong.length > 0) violate('O2 claims', `${wrong.length} reservations do not have the claims they should`, shown)
}

/** R293. Every claim is of the service day it begins on, and reaches at most into the next, and not for long. */
export function checkDays({ violate }: Stage, { astray }: Facts): void {
  if (astray.length > 0) violate('O1 service day', `${astray.length} claims are not of the day they begin on`, astray)
}

/** O3. A key has one effect where it was acknowledged, none where it was refused, and one answer. */
export function checkKeys({ violate }: Stage, facts: Facts, deeds: Deed[]): void {
  // That a hold lapsed is the clock's doing, whoever came by when it was noticed; a call's own events are no bookings.
  const done = facts.events.filter(({ type }) => type.startsWith('reservation.') && type !== 'reservation.hold_lapsed')
  const effects = countBy(done.map((event) => `${event.house} ${event.key}`))
  const denials = countBy(facts.denied.map((row) => `${row.house} ${row.key}`))
  const answers = new Map<string, Deed>()
  for (const deed of withoutRepeats(deeds.filter((one) => one.verb !== 'read'))) {
    const name = `${deed.house.id} ${deed.key}`
    answers.set(name, deed)
    const due = deed.status > 0 && deed.status < 300 ? 1 : 0
    const had = effects.get(name) ?? 0
    if (deed.status > 0 && had !== due) {
      const events = facts.events.filter((event) => event.key === deed.key && event.house === deed.house.id)
      violate('O3 effects', `key ${deed.key} was answered ${deed.status} and had ${had} effects`, [
        brief(deed),
        ...events,
      ])
    }
    const refused = demand.has(deed.code ?? '')
    const noted = denials.get(name) ?? 0
    if ((refused && noted !== 1) || (due === 1 && noted > 0))
      violate('ledger', `${deed.code ?? deed.status} is in the ledger of denied demand ${noted} times`, [brief(deed)])
  }
  for (const deed of deeds) {
    const first = answers.get(`${deed.house.id} ${deed.key}`)
    if (deed.verb === 'read' || !first || deed.code === 'idempotency_key_reused') continue
    if (first.seat?.id !== deed.seat?.id || first.status !== deed.status)
      violate('O3 answers', `key ${deed.key} had two answers`, [brief(first), brief(deed)])
  }
}

/** O4. Every change of a reservation is one event, in order, and no event tells of anything else. */
export function checkEvents({ violate }: Stage, facts: Facts): void {
  const told = new Map<string, number[]>()
  for (const event of facts.events) told.set(event.subject, [...(told.get(event.subject) ?? []), event.version])
  const silent = facts.reservations.filter((row) => {
    const due = Array.from({ length: row.version }, (_, index) => index + 1)
    return due.toString() !== (told.get(row.id) ?? []).toString()
  })
  const shown = silent.map((row) => ({ ...row, events: told.get(row.id) ?? [] }))
  if (silent.length > 0) violate('O4 events', `${silent.length} reservations changed without an event each`, shown)
}

function countBy(names: string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** What a violation shows of a deed. */
export function brief(deed: Deed): Record<string, unknown> {
  const { verb, path, key, wish, subject, status, code, seat, failures, attempts } = deed
  const [sent_at, answered_at] = [Math.round(deed.sent_at), Math.round(deed.answered_at)]
  return {
    house: deed.house.name,
    verb,
    path,
    key,
    wish,
    subject,
    status,
    code,
    seat,
    attempts,
    failures,
    sent_at,
    answered_at,
  }
}
