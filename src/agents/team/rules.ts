import * as z from 'zod'
import { readableInput } from '../input-rules.ts'
import {
  EscalationHandoffData,
  InformationHandoffData,
  MainHandoffData,
  ReservationHandoffData,
  type TeamAgentName,
} from './schema.ts'

export type TeamAgent = {
  name: TeamAgentName
  /** For whoever may hand over to it: when. */
  handoff_description: string
  /** Of the registry, by name. It has no others. */
  operations: readonly string[]
  hands_to: readonly TeamAgentName[]
}

/** R260. The team, as plain data: every vendor's form of it is made from this. */
export const team: Record<TeamAgentName, TeamAgent> = {
  main: {
    name: 'main',
    handoff_description: 'Greets and finds out what the guest wants. Give back to it whatever is none of your work.',
    operations: ['restaurant_info'],
    hands_to: ['reservation', 'information', 'escalation'],
  },
  reservation: {
    name: 'reservation',
    handoff_description:
      'Free tables, booking, finding, changing and cancelling a booking, being late, the waitlist. Pass what the guest has said already.',
    operations: [
      'check_availability',
      'explain_unavailable',
      'hold_table',
      'make_reservation',
      'find_reservation',
      'change_reservation',
      'cancel_reservation',
      'mark_late',
      'join_waitlist',
    ],
    hands_to: ['main', 'information', 'escalation'],
  },
  information: {
    name: 'information',
    handoff_description: 'Hours, address, rules of the house, dishes, prices and allergens.',
    operations: ['restaurant_info', 'menu_info'],
    hands_to: ['main', 'reservation', 'escalation'],
  },
  escalation: {
    name: 'escalation',
    handoff_description:
      'A person: when the guest asks for one, complains, has a severe allergy, is a very large party, or when nobody else can help.',
    operations: ['escalate'],
    hands_to: ['main', 'reservation'],
  },
}

type Handed = {
  type: z.ZodObject
  /** What stands where nothing that can be read was given. */
  blank: Record<string, unknown>
}

/** What each agent is handed; every key of `type` is in `blank`. */
export const handed: Record<TeamAgentName, Handed> = {
  main: { type: MainHandoffData, blank: { done: null, wish: null } },
  reservation: {
    type: ReservationHandoffData,
    blank: { party_size: null, date: null, time: null, name: null, phone: null, requests: null },
  },
  information: { type: InformationHandoffData, blank: { query_type: 'other', items: null } },
  escalation: { type: EscalationHandoffData, blank: { reason: 'other', urgency: 'normal', summary: '…' } },
}

export type ReadHandoff = { data: Record<string, unknown>; mistakes: string[] }

/**
 * R263. What a model hands over, however badly it is written: each field that can be read is taken, the others are left
 * out and named in `mistakes`. A caller is not kept waiting for a comma.
 */
export function readHandoff(to: TeamAgentName, raw: string): ReadHandoff {
  const { type, blank } = handed[to]
  const parsed = parsedObject(raw)
  if (parsed === null) return { data: { ...blank }, mistakes: ['json'] }
  const data: Record<string, unknown> = { ...blank }
  const mistakes: string[] = []
  for (const [key, value] of Object.entries(parsed)) {
    // Every object has a toString, and no handoff does.
    const shape = Object.hasOwn(type.shape, key) ? type.shape[key] : undefined
    if (!shape) mistakes.push(key.slice(0, 60))
    else if (value !== null || blank[key] !== null) {
      const read = fieldOf(shape, key, value)
      if (read === undefined) mistakes.push(key)
      else data[key] = read
    }
  }
  return { data, mistakes: mistakes.slice(0, 10) }
}

function fieldOf(shape: z.core.$ZodType, key: string, value: unknown): unknown {
  const mended = readableInput({ [key]: value })
  const said = typeof mended === 'object' && mended !== null ? Object.values(mended)[0] : value
  const read = z.safeParse(shape, said)
  return read.success ? read.data : undefined
}

function parsedObject(raw: string): Record<string, unknown> | null {
  if (raw.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(raw)
    return isRecord(value) ? value : null
  } catch {
    // Models do write what is no JSON; the caller of this is told so.
    return null
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a sentence says for certain, where the model handed over nothing in its place. */
export function filledIn(data: Record<string, unknown>, said: Record<string, unknown>): Record<string, unknown> {
  const filled = { ...data }
  for (const [key, value] of Object.entries(said)) {
    if (filled[key] === null && value !== undefined) filled[key] = value
  }
  return filled
}

/** The wish of a guest, in the order in which it is asked for. */
export const bookingSlots = ['party_size', 'date', 'time', 'name'] as const

/** What still has to be asked for a booking; a number only where the line gives none and nobody said one. */
export function missingSlots(state: Record<string, unknown>, hasNumber: boolean): string[] {
  const known = (slot: string): boolean => state[slot] !== undefined && state[slot] !== null && state[slot] !== ''
  const asked = bookingSlots.filter((slot) => !known(slot))
  return hasNumber || known('phone') ? asked : [...asked, 'phone']
}

export const handoffTool = (to: TeamAgentName): string => `transfer_to_${to}`
