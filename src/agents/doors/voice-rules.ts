import { type VoiceAnswer, voiceOperations } from './voice-schema.ts'

type Answered = Extract<VoiceAnswer, { say: string; data: Record<string, unknown> }>
type Outcome =
  | { ok: true; output: Record<string, unknown>; say: string }
  | { ok: false; problem: { code: string; errors?: unknown; more: Record<string, unknown> }; say: string }

const done: Readonly<Record<string, Exclude<Answered['type'], 'error' | 'reservation.error'>>> = {
  check_availability: 'availability.found',
  explain_unavailable: 'availability.explained',
  hold_table: 'table.held',
  find_reservation: 'reservation.found',
  mark_late: 'reservation.late',
  join_waitlist: 'waitlist.joined',
  restaurant_info: 'restaurant.told',
  menu_info: 'menu.told',
  escalate: 'person.asked',
}
const written: typeof done = {
  prepared: 'reservation.prepared',
  booked: 'reservation.confirmed',
  requested: 'reservation.requested',
  changed: 'reservation.changed',
  cancelled: 'reservation.cancelled',
}

/** What became of an operation, as the socket says it. */
export function voiceAnswer(request_id: string, operation: string, answer: Outcome): VoiceAnswer {
  const { say } = answer
  if (answer.ok) {
    const type = done[operation] ?? written[String(answer.output['status'])] ?? 'reservation.found'
    return { type, request_id, say, data: answer.output }
  }
  const { code, errors, more } = answer.problem
  const data = { ...more, ...(errors === undefined ? {} : { errors }) }
  return { type: isOfReservation(operation) ? 'reservation.error' : 'error', request_id, code, say, data }
}

const ofReservations = new Set<string>(
  Object.entries(voiceOperations).flatMap(([type, name]) => (type.startsWith('reservation.') ? [name] : [])),
)
const isOfReservation = (operation: string): boolean => ofReservations.has(operation)
