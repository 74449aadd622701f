import { isoAt, wallOf } from '../platform/time.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { byNumber } from './board-rules.ts'
import type { Alert } from './board-schema.ts'
import type { Escalation, Floor, FloorClaim, FloorSession, Party } from './floor-schema.ts'
import {
  forgottenMinutes,
  isSeated,
  isTold,
  knockOnMinutes,
  lateMinutes,
  nextAt,
  overstayMinutes,
  partiesOf,
  tableNumbers,
} from './rules.ts'
import { suggestTables } from './suggest-rules.ts'
import { isBirthday } from './timeline-rules.ts'

const minuteMs = 60_000
const quietMs = 45 * minuteMs

/** R113. What the staff should know now, the urgent first and then the oldest. `now` in milliseconds. */
export function alertsOf(restaurant: Restaurant, floor: Floor, now: number): Alert[] {
  const parties = partiesOf(floor.claims).flatMap((one) => partyAlerts(restaurant, floor, one, now))
  const sessions = floor.sessions.flatMap((one) => sessionAlerts(restaurant, floor, one, now))
  const callers = floor.escalations.map((one) => callerAlert(restaurant, one, now))
  return [...parties, ...sessions, ...callers].toSorted(
    (a, b) => Number(b.urgent) - Number(a.urgent) || Date.parse(a.at) - Date.parse(b.at),
  )
}

type AtTables = { party: Party; table_ids: string[] }

function partyAlerts(restaurant: Restaurant, floor: Floor, { party, table_ids }: AtTables, now: number): Alert[] {
  if (!isTold(party, now)) return []
  const tables = tableNumbers(restaurant, table_ids)
  const who = `${party.name ?? 'A party'}, ${party.party_size} at ${named(tables)}`
  const make = (kind: Alert['kind'], sentence: string, more: Partial<Alert> = {}): Alert => ({
    kind,
    urgent: false,
    tables,
    reservation_id: party.id,
    confirmation_code: party.confirmation_code,
    name: party.name,
    party_size: party.party_size,
    at: isoAt(party.starts_at, restaurant.timezone),
    minutes: null,
    sentence,
    session_id: null,
    call_id: null,
    amount_minor: null,
    knock_on: null,
    ...more,
  })
  const found: Alert[] = []
  if (party.vip) found.push(make('vip', `${who}: VIP.`))
  if (party.allergies.length > 0) found.push(make('allergy', `${who}: no ${party.allergies.join(', ')}.`))
  if (isBirthday(party.birthday, wallOf(now, restaurant.timezone).date))
    found.push(make('birthday', `${who}: has a birthday today.`))

  const late = lateMinutes(party, now)
  if (late > 0) {
    const urgent = late >= restaurant.settings.grace_minutes
    found.push(make('late', `${who}: ${late} minutes late.`, { minutes: late, urgent }))
  }
  if (party.status === 'seated')
    found.push(...stayAlerts(restaurant, floor.claims, { party, table_ids }, now, make, who))
  return found
}

type Make = (kind: Alert['kind'], sentence: string, more?: Partial<Alert>) => Alert

function stayAlerts(
  restaurant: Restaurant,
  claims: FloorClaim[],
  { party, table_ids }: AtTables,
  now: number,
  make: Make,
  who: string,
): Alert[] {
  const over = overstayMinutes(party, now)
  const next = nextAt(claims, table_ids, party)
  const delay = next ? knockOnMinutes(party, next, now) : 0
  const touches = next !== undefined && (delay > 0 || (over > 0 && next.starts_at <= now + 30 * minuteMs))
  const knock_on = next && touches ? knockOn(restaurant, claims, next, delay, now) : null
  const ended_at = isoAt(party.ends_at, restaurant.timezone)
  if (over >= forgottenMinutes)
    return [make('forgotten', `${who}: should have left ${over} minutes ago. Has it?`, { minutes: over, at: ended_at })]
  const then = knock_on ? ` ${knock_on.name ?? 'The next party'} has table ${knock_on.table} next.` : ''
  if (over > 0)
    return [
      make('overstay', `${who}: ${over} minutes over its time.${then}`, {
        minutes: over,
        at: ended_at,
        knock_on,
        urgent: knock_on !== null,
      }),
    ]
  if (delay > 0)
    return [make('turn_at_risk', `${who}: was seated late.${then}`, { minutes: delay, at: ended_at, knock_on })]
  return []
}

/** The next party at that table, how long it would wait, and where else it could sit for all its time. */
function knockOn(
  restaurant: Restaurant,
  claims: FloorClaim[],
  next: FloorClaim,
  minutes: number,
  now: number,
): Alert['knock_on'] {
  const { party } = next
  if (!party) return null
  const wish = {
    party_size: party.party_size,
    area: null,
    starts_at: Math.max(party.starts_at, now),
    minutes: Math.round((party.ends_at - party.starts_at) / minuteMs),
    but: party.id,
  }
  const move_to = suggestTables(restaurant, claims, wish, now)
    .filter((one) => one.whole_turn && !one.table_ids.includes(next.table_id))
    .slice(0, 3)
    .map(({ table_ids, tables, seats }) => ({ table_ids, tables, seats }))
  return {
    reservation_id: party.id,
    confirmation_code: party.confirmation_code,
    name: party.name,
    party_size: party.party_size,
    starts_at: isoAt(party.starts_at, restaurant.timezone),
    table: tableNumbers(restaurant, [next.table_id])[0] ?? '?',
    minutes,
    move_to,
  }
}

function sessionAlerts(restaurant: Restaurant, floor: Floor, session: FloorSession, now: number): Alert[] {
  const tables = tableNumbers(restaurant, [session.table_id])
  const make = (kind: Alert['kind'], at: number, sentence: string, more: Partial<Alert> = {}): Alert => ({
    kind,
    urgent: false,
    tables,
    reservation_id: null,
    confirmation_code: null,
    name: null,
    party_size: null,
    at: isoAt(at, restaurant.timezone),
    minutes: Math.max(0, Math.floor((now - at) / minuteMs)),
    sentence,
    session_id: session.id,
    call_id: null,
    amount_minor: null,
    knock_on: null,
    ...more,
  })
  const found = session.calls.map(({ kind, called_at }) => {
    const urgent = now - called_at >= 5 * minuteMs
    return make('call_waiting', called_at, `${named(tables)} calls: ${kind}.`, { urgent })
  })
  const since = session.last_activity_at
  if (session.pos_failed > 0) {
    const orders = session.pos_failed === 1 ? 'an order has' : `${session.pos_failed} orders have`
    found.push(make('pos_failed', since, `${named(tables)}: ${orders} not reached the till.`, { urgent: true }))
  }
  const gone = !floor.claims.some((claim) => claim.table_id === session.table_id && isSeated(claim))
  if (session.unpaid_minor > 0 && (gone || now - since >= quietMs)) {
    const sentence = `${named(tables)}: ${gone ? 'the party has left and' : 'it is long quiet, and'} not all is paid.`
    found.push(make('unpaid', since, sentence, { urgent: gone, amount_minor: session.unpaid_minor }))
  }
  return found
}

/** Who asked for a person on the telephone; what it was about, and no more, for every screen shows it. */
function callerAlert(restaurant: Restaurant, call: Escalation, now: number): Alert {
  const why = call.reason === null ? '' : ` (${call.reason.replaceAll('_', ' ')})`
  return {
    kind: 'escalation',
    urgent: call.urgency === 'high',
    tables: [],
    reservation_id: null,
    confirmation_code: null,
    name: null,
    party_size: null,
    at: isoAt(call.escalated_at, restaurant.timezone),
    minutes: Math.max(0, Math.floor((now - call.escalated_at) / minuteMs)),
    sentence: `A caller asked for a person${why}.`,
    session_id: null,
    call_id: call.call_id,
    amount_minor: null,
    knock_on: null,
  }
}

function named(tables: string[]): string {
  const sorted = tables.map((number) => ({ number })).toSorted(byNumber)
  return `${tables.length > 1 ? 'tables' : 'table'} ${sorted.map((one) => one.number).join(' and ')}`
}
