import type { ExtractContext } from '../extract-rules.ts'
import { linesFor } from './dialogue-lines-rules.ts'
import type { Act, Asked, Dialogue, Slots, Task, Turn } from './dialogue-schema.ts'

/** What sentences are heard against. */
export type Hearing = Pick<ExtractContext, 'reference_date' | 'country' | 'house'> & {
  /** E.164; null where it is withheld: then a number has to be asked for. */
  caller_phone: string | null
  /** What allergens and diets are called in the language of the call, by their key. */
  words: { allergens: Readonly<Record<string, string>>; diets: Readonly<Record<string, string>> }
}

const mostFailures = 3

/** R250. A conversation begins, with what the call's record knows already. */
export function openDialogue(locale: string, known: Record<string, unknown> = {}): Dialogue {
  const { date, time, party_size, name, phone } = known
  return {
    locale,
    task: null,
    slots: {
      ...(typeof date === 'string' ? { date } : {}),
      ...(typeof time === 'string' ? { time } : {}),
      ...(typeof party_size === 'number' ? { party_size } : {}),
      ...(typeof name === 'string' ? { name } : {}),
      ...(typeof phone === 'string' ? { phone } : {}),
    },
    moves: {},
    asked: 'task',
    question: linesFor(locale).how,
    pending: null,
    offered: [],
    held: null,
    told: null,
    failures: 0,
    wrong_names: 0,
  }
}

/** R250. Whoever asks for a person gets one; so does who was not understood three times. */
export function wantPerson(dialogue: Dialogue, reason: string): Turn {
  const summary = summaryOf(dialogue)
  return operate(dialogue, 'escalate', { reason, urgency: 'normal', summary })
}

/** R250. What is to be done or asked next; nothing is asked that is known. `say` goes before it. */
export function next(dialogue: Dialogue, hearing: Hearing, say = ''): Turn {
  const lines = linesFor(dialogue.locale)
  const { task, slots, moves } = dialogue
  const { date, time, party_size, name, phone, requests, minutes } = slots
  const needsPhone = hearing.caller_phone === null && phone === undefined
  const reach = phone === undefined ? {} : { phone }
  const whose = { ...(name === undefined ? {} : { name }), ...(date === undefined ? {} : { date }) }
  switch (task) {
    case null:
      return ask(dialogue, 'task', lines.how, say)
    case 'book': {
      if (date === undefined && time === undefined && party_size === undefined)
        return ask(dialogue, 'date', lines.ask_when, say)
      if (date === undefined) return ask(dialogue, 'date', lines.ask_date, say)
      if (party_size === undefined) return ask(dialogue, 'party_size', lines.ask_party, say)
      if (time === undefined) {
        if (dialogue.told === dayOf(slots)) return ask(dialogue, 'time', lines.ask_time, say)
        return operate(dialogue, 'check_availability', { date, party_size }, say)
      }
      if (dialogue.held !== slotOf(slots)) return operate(dialogue, 'hold_table', { date, time, party_size }, say)
      if (name === undefined) return ask(dialogue, 'name', lines.ask_name, say)
      if (needsPhone) return ask(dialogue, 'phone', lines.ask_phone, say)
      const extra = { ...reach, ...(requests === undefined ? {} : { requests }) }
      return operate(dialogue, 'make_reservation', { date, time, party_size, name, ...extra }, say)
    }
    case 'change':
      if (name === undefined) return ask(dialogue, 'name', lines.ask_name, say)
      if (Object.keys(moves).length === 0) return ask(dialogue, 'moves', lines.ask_moves, say)
      return operate(dialogue, 'change_reservation', { ...whose, ...moves }, say)
    case 'cancel':
      if (name === undefined) return ask(dialogue, 'name', lines.ask_name, say)
      return operate(dialogue, 'cancel_reservation', whose, say)
    case 'find':
      if (name === undefined) return ask(dialogue, 'name', lines.ask_name, say)
      return operate(dialogue, 'find_reservation', whose, say)
    case 'late':
      if (name === undefined) return ask(dialogue, 'name', lines.ask_name, say)
      return operate(dialogue, 'mark_late', { ...whose, ...(minutes === undefined ? {} : { minutes }) }, say)
    case 'waitlist': {
      if (party_size === undefined) return ask(dialogue, 'party_size', lines.ask_party, say)
      if (name === undefined) return ask(dialogue, 'name', lines.ask_name, say)
      if (needsPhone) return ask(dialogue, 'phone', lines.ask_phone, say)
      const day = date === undefined || time === undefined ? {} : { date, from: time }
      return operate(dialogue, 'join_waitlist', { party_size, name, ...reach, ...day }, say)
    }
  }
}

export const slotOf = ({ date, time, party_size }: Slots): string => `${date} ${time} ${party_size}`
export const dayOf = ({ date, party_size }: Slots): string => `${date} ${party_size}`

export function operate(dialogue: Dialogue, operation: string, input: Record<string, unknown>, say = ''): Turn {
  return { dialogue, act: { kind: 'operate', operation, input, say } }
}

export const joined = (...parts: string[]): string => parts.filter((one) => one !== '').join(' ')

export function ask(dialogue: Dialogue, asked: Asked, question: string, say = '', whole = false): Turn {
  const act: Act = { kind: 'ask', say: joined(say, question), whole }
  return { dialogue: { ...dialogue, asked, question }, act }
}

/** The last question again, after something else was said. */
export function repeat(dialogue: Dialogue, say = ''): Turn {
  return ask(dialogue, dialogue.asked, dialogue.question, say, dialogue.asked === 'yes')
}

export function notUnderstood(dialogue: Dialogue): Turn {
  const failures = dialogue.failures + 1
  if (failures >= mostFailures) return wantPerson({ ...dialogue, failures }, 'not_understood')
  return repeat({ ...dialogue, failures }, linesFor(dialogue.locale).sorry)
}

/** One thing is done with: what is known of who calls stays. */
export function done({ slots, ...rest }: Dialogue, say: string): Turn {
  const { name, phone } = slots
  const kept = { ...(name === undefined ? {} : { name }), ...(phone === undefined ? {} : { phone }) }
  const over: Partial<Dialogue> = { task: null, moves: {}, pending: null, offered: [], held: null, told: null }
  return ask({ ...rest, ...over, slots: kept, failures: 0, wrong_names: 0 }, 'more', linesFor(rest.locale).more, say)
}

export function goodbye(dialogue: Dialogue, say = ''): Turn {
  return { dialogue, act: { kind: 'end', say: joined(say, linesFor(dialogue.locale).goodbye), transfer: false } }
}

/** For the colleague who takes over, so that nobody has to ask again. */
function summaryOf({ task, slots, moves }: Dialogue): string {
  const wish = task === null ? 'The caller has not said what about.' : `The caller wants to ${wishes[task]}.`
  const facts = Object.entries({ ...slots, ...moves }).map(([key, value]) => `${key.replaceAll('_', ' ')}: ${value}`)
  return joined(wish, facts.length > 0 ? `Known: ${facts.join(', ')}.` : '').slice(0, 1000)
}
const wishes: Record<Task, string> = {
  book: 'book a table',
  change: 'change a booking',
  cancel: 'cancel a booking',
  find: 'know about a booking',
  late: 'say that they are late',
  waitlist: 'join the waitlist',
}
