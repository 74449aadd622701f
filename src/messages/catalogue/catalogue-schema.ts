import type { Kind } from '../schema.ts'

/** `{name}` and the like are filled in; paragraphs are apart by an empty line. */
export type Words = { subject: string; body: string; sms: string }

/** All that is said to guests in one language. An SMS fits in two texts, its link included. */
export type Catalogue = {
  messages: Record<Kind, Words>
  hello: string
  hello_nobody: string
  /** Above the link, by what it leads to. */
  manage: string
  place: string
  offer: string
  call: string
  no_more_reminders: string
  wait: string
  wait_unknown: string
  series_missing: string
  /** Answers to STOP, START and anything else that is texted to us. */
  stopped: string
  started: string
  help: string
}
