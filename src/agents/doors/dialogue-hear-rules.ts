import { searchable } from '../../platform/text.ts'
import { extract } from '../extract-rules.ts'
import type { Extraction, ExtractRequest } from '../extract-schema.ts'
import { latenessIn, type Lines, linesFor } from './dialogue-lines-rules.ts'
import { ask, done, goodbye, type Hearing, next, notUnderstood, operate, repeat, wantPerson } from './dialogue-rules.ts'
import type { Asked, Dialogue, Slots, Task, Turn } from './dialogue-schema.ts'

const mostRequest = 300

/** R250. One sentence of the caller: what it changes, and what comes next. */
export function hear(before: Dialogue, utterance: string, hearing: Hearing): Turn {
  const { reference_date, country, house } = hearing
  const asked = slotAsked(before.asked)
  const said = extract(utterance, { reference_date, country, house, locale: before.locale, asked })
  const lines = linesFor(before.locale)

  if (said.intent === 'human') return wantPerson(before, 'asked_for_person')
  if (lines.bye.test(utterance) && before.pending === null && !saysSlot(said)) return goodbye(before)
  const answer = answerToQuestion(before, utterance, said, lines, hearing)
  if (answer) return answer
  if (said.intent === 'info') return inform(before, utterance, said, hearing)

  const dialogue = heard(before, utterance, said, lines)
  if (dialogue === null) return notUnderstood(before)
  return next({ ...dialogue, failures: 0 }, hearing)
}

function slotAsked(asked: Asked): ExtractRequest['asked'] {
  return asked === 'date' || asked === 'time' || asked === 'party_size' || asked === 'name' || asked === 'phone'
    ? asked
    : asked === 'which'
      ? 'date'
      : undefined
}

const saysSlot = (said: Extraction): boolean =>
  said.date !== undefined || said.time !== undefined || said.party_size !== undefined

/** A yes or no to what was asked; null where the sentence says more than that. */
function answerToQuestion(
  before: Dialogue,
  utterance: string,
  said: Extraction,
  lines: Lines,
  hearing: Hearing,
): Turn | null {
  const { asked, pending, offered } = before
  const yes = said.intent === 'confirm' || (lines.yes.test(utterance.trim()) && saysNothingNew(before, said))
  const no = said.intent === 'deny'
  if (asked === 'yes' && pending) {
    if (yes) return operate(before, pending.operation, { ...pending.input, commit_token: pending.token })
    const dropped = said.intent === 'cancel' && pending.operation !== 'cancel_reservation' && !saysSlot(said)
    if (!no && !dropped) return null
    if (no && pending.operation === 'make_reservation')
      return ask({ ...before, pending: null }, 'moves', lines.ask_what)
    return done(before, lines.left)
  }
  if (asked === 'person' && yes) return wantPerson(before, 'other')
  if (asked === 'person' && no) return done(before, '')
  if (asked === 'more' && no) return goodbye(before)
  if (asked === 'more' && yes) return ask(before, 'task', lines.how)
  const [only, ...others] = offered
  if (asked === 'time' && only && yes) {
    if (others.length > 0) return repeat(before)
    return next(take({ ...before, failures: 0 }, only), hearing)
  }
  return null
}

function saysNothingNew({ slots, moves }: Dialogue, said: Extraction): boolean {
  const known = { ...slots, date: moves.new_date ?? slots.date, time: moves.new_time ?? slots.time }
  return (
    (said.date === undefined || said.date === known.date) &&
    (said.time === undefined || said.time === known.time) &&
    (said.party_size === undefined || said.party_size === (moves.new_party_size ?? known.party_size)) &&
    (said.name === undefined || said.name === known.name) &&
    said.phone === undefined
  )
}

function taskAfter({ task }: Dialogue, { intent, confidence }: Extraction): Task | null {
  if (intent === 'cancel' || intent === 'find' || intent === 'late' || intent === 'waitlist') return intent
  if (intent === 'change') return task ?? 'change'
  // With a date or a party alone a sentence counts as a booking, but not in the middle of something else.
  if (intent === 'book') return task === null || (confidence >= 0.85 && task === 'find') ? 'book' : task
  return task
}

/** What a sentence adds to what is known; null where nothing in it was understood. */
function heard(before: Dialogue, utterance: string, said: Extraction, lines: Lines): Dialogue | null {
  const task = taskAfter(before, said)
  const late = task === 'late' ? latenessIn(utterance, lines) : null
  const understood =
    saysSlot(said) || said.name !== undefined || said.phone !== undefined || late !== null || task !== before.task
  if (!understood && !(task !== null && said.intent === task)) return null
  const began = task !== before.task && before.task !== null
  const kept: Dialogue = began ? { ...before, task, moves: {}, offered: [] } : { ...before, task }
  const { date, time, party_size, name, phone } = said
  const own: Slots = {
    ...(name === undefined ? {} : { name }),
    ...(phone === undefined ? {} : { phone }),
    ...(late === null ? {} : { minutes: late }),
  }
  const whens: Slots = {
    ...(date === undefined ? {} : { date }),
    ...(time === undefined ? {} : { time }),
    ...(party_size === undefined ? {} : { party_size }),
  }
  const open = { ...kept, pending: null }
  if (task === 'change' && before.asked !== 'which') {
    const moves = {
      ...(date === undefined ? {} : { new_date: date }),
      ...(time === undefined ? {} : { new_time: time }),
      ...(party_size === undefined ? {} : { new_party_size: party_size }),
    }
    const taken = date === undefined ? offeredAt(before, time) : undefined
    const day = taken && taken.date !== before.slots.date ? { new_date: taken.date } : {}
    return { ...open, slots: { ...before.slots, ...own }, moves: { ...kept.moves, ...day, ...moves }, offered: [] }
  }
  if (task === 'book' || task === 'waitlist' || task === null) {
    const taken = date === undefined ? offeredAt(before, time) : undefined
    const slots = { ...before.slots, ...own, ...(taken ? { date: taken.date } : {}), ...whens }
    return { ...open, slots, offered: [] }
  }
  return { ...open, slots: { ...before.slots, ...own, ...(date === undefined ? {} : { date }) } }
}

const offeredAt = ({ offered }: Dialogue, time: string | undefined): Dialogue['offered'][number] | undefined =>
  offered.find((one) => one.time === time)

function take(dialogue: Dialogue, { date, time }: { date: string; time: string }): Dialogue {
  if (dialogue.task === 'change')
    return { ...dialogue, offered: [], moves: { ...dialogue.moves, new_date: date, new_time: time } }
  return { ...dialogue, offered: [], slots: { ...dialogue.slots, date, time } }
}

/** A question about the house is answered, and ours put again. An allergy said while booking is noted for the kitchen. */
function inform(before: Dialogue, utterance: string, said: Extraction, { words }: Hearing): Turn {
  const topic = said.topic ?? 'hours'
  if (topic === 'menu' || topic === 'allergens') {
    const spoken = searchable(utterance)
    const allergen = namedIn(spoken, words.allergens)
    const diet = topic === 'menu' ? namedIn(spoken, words.diets) : undefined
    const dish = spoken
      .split(/[^\p{L}]+/u)
      .filter((one) => one.length >= 4 && !allergen?.word.includes(one) && one !== diet?.word)
    const requests = utterance.trim().slice(0, mostRequest)
    const noted = topic === 'allergens' && before.task === 'book'
    const dialogue = noted ? { ...before, pending: null, slots: { ...before.slots, requests } } : before
    return operate(dialogue, 'menu_info', {
      ...(dish.length === 0 ? {} : { query: dish.join(' ').slice(0, 120) }),
      ...(allergen ? { allergen: allergen.key } : {}),
      ...(diet ? { diet: diet.key } : {}),
    })
  }
  const date = said.date === undefined ? {} : { date: said.date }
  const asked = topic === 'policy' ? 'policies' : topic
  return operate(before, 'restaurant_info', { topic: asked, ...date })
}

/** The longest that is named: peanuts are no nuts. */
function namedIn(spoken: string, called: Readonly<Record<string, string>>): { key: string; word: string } | undefined {
  return Object.entries(called)
    .map(([key, word]) => ({ key, word: searchable(word) }))
    .filter(({ word }) => spoken.includes(word.length > 4 ? word.replace(/s$/, '') : word))
    .toSorted((a, b) => b.word.length - a.word.length)[0]
}
