import { dayAvailability } from '../reservations/availability.ts'
import { explainSlot } from '../reservations/explain.ts'
import { clock, minutesOf, wallOf } from '../platform/time.ts'
import { holdForCaller } from './hold.ts'
import { type Operation, operation } from './operation.ts'
import {
  CheckAvailabilityInput,
  CheckAvailabilityOutput,
  ExplainUnavailableOutput,
  HoldTableOutput,
  SlotInput,
} from './operation-schema.ts'
import { offerOf, refusalSentence } from './speech.ts'
import { problems } from '../platform/problem.ts'

const mostSpoken = 3

export const checkAvailability: Operation = operation({
  name: 'check_availability',
  title: 'Check availability',
  description:
    'Whether there is a table, and at which times. Ask for the date and how many people first. Use it before you say that anything is free.',
  input: CheckAvailabilityInput,
  output: CheckAvailabilityOutput,
  scope: 'agents:read',
  reads: true,
  idempotent: true,
  destructive: false,
  async run(ctx, { date, time, party_size, area }) {
    const asked = { date, guests: party_size, time: time ?? undefined, area: area ?? undefined }
    const { data } = await dayAvailability(ctx, asked)
    const far = (one: string): number => (time ? Math.abs(minutesOf(one) - minutesOf(time)) : 0)
    return {
      date,
      time: time ?? null,
      party_size,
      available: data.tablesAvailable > 0,
      reason: data.reason ?? null,
      times: data.availableSlots.toSorted((a, b) => far(a) - far(b)),
    }
  },
  speak({ date, time, party_size, available, reason, times }, speech) {
    const party = speech.party(party_size)
    if (time !== null && available) return speech.free(speech.when({ date, time }), party)
    if (time === null && available) {
      const few = spread(times, mostSpoken).map(speech.time)
      return speech.free_times(speech.day(date), party, speech.list(few))
    }
    const alternatives = times.map((one) => ({ date, time: one }))
    if (reason === null) return speech.none_free(speech.day(date), party)
    return refusalSentence(speech, { code: reason, hint: problems[reason][2], alternatives })
  },
})

/** So many of them, the first and the last among them. */
function spread(times: string[], most: number): string[] {
  if (times.length <= most) return times
  return Array.from({ length: most }, (_one, i) => times[Math.round((i * (times.length - 1)) / (most - 1))] ?? '')
}

export const explainUnavailable: Operation = operation({
  name: 'explain_unavailable',
  title: 'Explain why a time is not available',
  description: 'Why there is no table at that time, and the nearest times there is one. Use it when a guest asks why.',
  input: SlotInput,
  output: ExplainUnavailableOutput,
  scope: 'agents:read',
  reads: true,
  idempotent: true,
  destructive: false,
  async run(ctx, { date, time, party_size, area }) {
    const { data } = await explainSlot(ctx, { date, time, guests: party_size, area: area ?? undefined })
    return {
      date,
      time,
      party_size,
      bookable: data.bookable,
      rules: data.rules.map((one) => one.rule),
      nearest: data.nearest.map((one) => ({ date: one.date, time: one.time })),
      sentence: data.sentence,
    }
  },
  speak({ date, time, party_size, bookable, rules, nearest }, speech) {
    const party = speech.party(party_size)
    const [rule] = rules
    if (bookable || rule === undefined) return speech.free(speech.when({ date, time }), party)
    const why = refusalSentence(speech, { code: rule, hint: problems[rule][2], alternatives: [] })
    return nearest.length > 0
      ? `${why} ${offerOf(speech, nearest)}`
      : `${why} ${speech.none_free(speech.day(date), party)}`
  },
})

export const holdTable: Operation = operation({
  name: 'hold_table',
  title: 'Hold a table during the call',
  description:
    'Keeps a table while you speak with the guest, once date, time and party size are known. A second hold moves the first. Hanging up gives it back. make_reservation holds by itself.',
  input: SlotInput,
  output: HoldTableOutput,
  scope: 'agents:write',
  reads: false,
  idempotent: true,
  destructive: false,
  async run(ctx, slot, once) {
    const { row } = await holdForCaller(ctx, slot, null, once)
    const wall = wallOf(Date.parse(row.starts_at), ctx.restaurant.timezone)
    return {
      hold_id: row.id,
      expires_at: row.hold_expires_at ?? row.updated_at,
      date: wall.date,
      time: clock(wall.minute),
      party_size: row.party_size,
    }
  },
  speak: (held, speech) => speech.held(speech.when(held), speech.party(held.party_size)),
})
