import type { TeamAgentName } from '../schema.ts'

/** One language's instructions: each file of this folder is one. */
export type Words = {
  /** For every agent, before its own. */
  everyone: (facts: { house: string; today: string; now: string; timezone: string; language: string }) => string
  own: Record<TeamAgentName, string>
  known: string
  missing: string
  nothing_missing: string
  number_known: string
  number_unknown: string
  /** `input` is JSON, to be repeated to the letter. */
  waiting: (facts: { sentence: string; operation: string; input: string }) => string
  told_house: string
  slots: Record<'party_size' | 'date' | 'time' | 'name' | 'phone' | 'requests' | 'area', string>
}
