import { isoAt } from '../platform/time.ts'
import type { Cart } from './schema.ts'
import type { MemberRow, Session, SessionMember } from './session-schema.ts'

/** A session with its instants as the restaurant's clocks show them. */
export function presentSession(session: Session, timezone: string): Session {
  const local = (at: string): string => isoAt(Date.parse(at), timezone)
  return {
    ...session,
    opened_at: local(session.opened_at),
    last_activity_at: local(session.last_activity_at),
    at_table_since: session.at_table_since ? local(session.at_table_since) : null,
    closed_at: session.closed_at === null ? null : local(session.closed_at),
  }
}

/** A member; whether a phone of it is connected, the table's object knows. */
export function presentMember(member: MemberRow, cart: Cart | null): SessionMember {
  const { id, session_id, nickname, is_host, allergies, version } = member
  const online = cart?.members.find((one) => one.id === id)?.online ?? false
  return { id, session_id, nickname, is_host, allergies, online, version }
}
