import {
  ask,
  dayOf,
  done,
  goodbye,
  type Hearing,
  next,
  notUnderstood,
  operate,
  repeat,
  slotOf,
  wantPerson,
} from './dialogue-rules.ts'
import { linesFor } from './dialogue-lines-rules.ts'
import type { Dialogue, Learned, Turn } from './dialogue-schema.ts'

const mostNames = 3

/** R250. What an operation answered: what comes of it in the conversation. */
export function learn(
  before: Dialogue,
  operation: string,
  input: Record<string, unknown>,
  answer: Learned,
  hearing: Hearing,
): Turn {
  if (!answer.ok) return refused(before, operation, input, answer)
  const { output, say } = answer
  const lines = linesFor(before.locale)
  switch (operation) {
    case 'escalate':
      return { dialogue: before, act: { kind: 'end', say, transfer: typeof output['transfer_to'] === 'string' } }
    case 'restaurant_info':
    case 'menu_info': {
      // No dish is named so: what is asked of all of them is told of all of them.
      const { query, ...wide } = input
      const nothing = Array.isArray(output['items']) && output['items'].length === 0
      if (nothing && query !== undefined && Object.keys(wide).length > 0) return operate(before, operation, wide)
      return before.task === null ? done(before, say) : backTo(before, hearing, say)
    }
    case 'hold_table': {
      const held: Dialogue = { ...before, held: slotOf(before.slots), offered: [] }
      const after = next(held, hearing, say)
      // What is read back at once names the table too.
      return after.act.kind === 'operate' ? next(held, hearing) : after
    }
    case 'check_availability': {
      const told: Dialogue = { ...before, told: dayOf(before.slots) }
      if (output['available'] === true) return ask(told, 'time', lines.ask_time, say)
      return otherDay(told, say)
    }
    default:
      if (output['status'] === 'prepared') return readBack(before, operation, input, answer)
      return done(before, say)
  }
}

function readBack(before: Dialogue, operation: string, input: Record<string, unknown>, answer: Learned): Turn {
  const told = answer.ok ? answer.output : answer.problem.more
  const token = told['commit_token']
  if (typeof token !== 'string') return notUnderstood(before)
  const { commit_token: _spent, ...fields } = input
  const pending = { operation, input: fields, token }
  return ask({ ...before, pending, failures: 0 }, 'yes', answer.say, '', true)
}

/** Answered in between: on with what was asked, read back anew where something was noted. */
function backTo(before: Dialogue, hearing: Hearing, say: string): Turn {
  return before.asked === 'yes' && before.pending === null ? next(before, hearing, say) : repeat(before, say)
}

function otherDay(before: Dialogue, say: string): Turn {
  const { date: _date, time: _time, ...slots } = before.slots
  const { new_date: _newDate, new_time: _newTime, ...moves } = before.moves
  return ask({ ...before, slots, moves, offered: [] }, 'date', linesFor(before.locale).other_day, say)
}

function refused(
  before: Dialogue,
  operation: string,
  input: Record<string, unknown>,
  answer: Extract<Learned, { ok: false }>,
): Turn {
  const { problem, say } = answer
  const lines = linesFor(before.locale)
  const dialogue: Dialogue = { ...before, pending: null }
  switch (problem.code) {
    case 'commit_mismatch':
    case 'commit_expired':
      return readBack(dialogue, operation, input, answer)
    case 'call_over':
      return goodbye(dialogue, say)
    case 'not_found':
    case 'name_required': {
      if (operation === 'restaurant_info' || operation === 'menu_info') return repeat(dialogue, say)
      const { name: _name, ...slots } = dialogue.slots
      const wrong_names = dialogue.wrong_names + (problem.code === 'not_found' ? 1 : 0)
      if (wrong_names >= mostNames) return wantPerson({ ...dialogue, wrong_names }, 'other')
      const question = problem.code === 'not_found' ? lines.other_name : lines.ask_name
      return ask({ ...dialogue, slots, wrong_names }, 'name', question, problem.code === 'not_found' ? say : '')
    }
    case 'which_booking':
      return ask(dialogue, 'which', lines.ask_which, say)
    case 'contact_required':
    case 'invalid_phone': {
      const { phone: _phone, ...slots } = dialogue.slots
      return ask({ ...dialogue, slots }, 'phone', say)
    }
    case 'nothing_to_change':
      return ask(dialogue, 'moves', lines.ask_moves)
    case 'phone_overlap':
    case 'phone_has_upcoming':
      return done(dialogue, say)
    case 'lookups_spent':
    case 'needs_person':
      return ask(dialogue, 'person', say)
    default:
      if (operation === 'escalate') return goodbye(dialogue, say)
      return noTable(dialogue, say, problem.code, problem.more)
  }
}

/** Codes that another day or time would not open. */
const closedByNow = new Set([
  'party_too_large',
  'no_table_fits',
  'table_too_small',
  'illegal_step',
  'too_late_to_change',
  'busy',
  'unavailable',
  'internal',
  'validation_failed',
])

/** What cannot be had: other times where there are some, else another day, else a person. */
function noTable(before: Dialogue, say: string, code: string, more: Record<string, unknown>): Turn {
  const lines = linesFor(before.locale)
  if (closedByNow.has(code)) return ask(before, 'person', lines.ask_person, say)
  const offered = Array.isArray(more['alternatives']) ? more['alternatives'].flatMap(slotIn).slice(0, 3) : []
  if (offered.length === 0) return otherDay(before, say)
  const { time: _time, ...slots } = before.slots
  const { new_time: _newTime, ...moves } = before.moves
  // The offer is the question: it names the times.
  const dialogue: Dialogue = { ...before, slots, moves, offered }
  return ask(dialogue, 'time', say)
}

function slotIn(value: unknown): { date: string; time: string }[] {
  if (typeof value !== 'object' || value === null || !('date' in value) || !('time' in value)) return []
  const { date, time } = value
  return typeof date === 'string' && typeof time === 'string' ? [{ date, time }] : []
}
