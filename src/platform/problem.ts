/**
 * Everything that can be refused, in one closed list: code → status, title, and a sentence an agent can speak.
 * The wire form is RFC 9457 `application/problem+json`.
 */
export const problems = {
  // The request itself
  malformed_json: [400, 'The body is not JSON', 'I could not read that request.'],
  malformed_text: [400, 'The body is not UTF-8', 'I could not read that request.'],
  unsupported_media_type: [415, 'The body must be application/json', 'I could not read that request.'],
  body_too_large: [413, 'The body is larger than 256 KiB', 'That is more than I can take in at once.'],
  validation_failed: [422, 'Something in the request is not right', 'Something in that request is not right.'],
  restaurant_required: [422, 'Say which restaurant', 'Which restaurant is this about?'],
  method_not_allowed: [405, 'That method is not allowed here', 'That cannot be done this way.'],
  not_found: [404, 'There is no such thing', 'I could not find that.'],
  // Who asks
  unauthorized: [401, 'No valid key', 'I am not allowed to do that without signing in.'],
  forbidden: [403, 'The key may not do this', 'I am not allowed to do that.'],
  rate_limited: [429, 'Too many requests', 'That was a little fast. Please try again in a moment.'],
  // Repeats and races
  idempotency_key_reused: [422, 'This Idempotency-Key was used for another request', 'Please start that request over.'],
  invalid_idempotency_key: [400, 'The Idempotency-Key is not usable', 'Please start that request over.'],
  stale_version: [409, 'It was changed meanwhile', 'Somebody changed that meanwhile. Let me look again.'],
  busy: [503, 'Busy; try again', 'It is very busy right now. Let me try again in a moment.'],
  unavailable: [503, 'Out of reach; try again', 'I cannot reach the book right now. Please try again in a moment.'],
  internal: [500, 'Something went wrong on our side', 'Something went wrong on our side.'],
  // When a party can come
  nonexistent_time: [
    422,
    'That time does not exist on that day',
    'The clocks go forward that night; that time does not exist.',
  ],
  in_past: [422, 'That time has passed', 'That time has already passed.'],
  too_soon: [422, 'Shorter notice than the house takes', 'That is too short notice for us.'],
  too_far_ahead: [422, 'Further ahead than the house takes', 'We do not take bookings that far ahead yet.'],
  closed: [422, 'The restaurant is closed then', 'We are closed at that time.'],
  after_last_seating: [422, 'After the last seating', 'That is after our last seating.'],
  past_closing: [
    422,
    'The party would still be seated at closing',
    'That is too close to closing for a party of that size.',
  ],
  // Where it can sit
  party_too_large: [422, 'A larger party than the house takes', 'That is a larger party than we can book this way.'],
  no_table_fits: [422, 'No table and no combination seats that party', 'We have no table for a party of that size.'],
  table_too_small: [422, 'That table does not seat that party', 'That table is too small for the party.'],
  sold_out: [409, 'Every table that fits is taken then', 'We are fully booked at that time.'],
  pacing_covers: [409, 'The kitchen takes no more covers then', 'The kitchen is full at that time.'],
  pacing_parties: [409, 'No more parties are seated then', 'We seat no more parties at that time.'],
  phone_overlap: [409, 'This phone has a table at that time', 'You already have a table with us at that time.'],
  phone_has_upcoming: [409, 'This phone has a booking to come', 'You already have a booking with us.'],
  // The life of things
  illegal_step: [409, 'Its state does not allow that step', 'That cannot be done with this booking any more.'],
  hold_expired: [409, 'The hold has lapsed', 'We could not keep that table any longer. Shall I look again?'],
  hold_limit: [409, 'The hold cannot be kept longer', 'I cannot keep that table any longer.'],
  table_taken: [409, 'The table was given to somebody else', 'That table was given to somebody else meanwhile.'],
  table_in_use: [409, 'The table has claims to come', 'That table still has bookings to come.'],
  already_exists: [409, 'There is one already', 'We have that already.'],
  guest_has_upcoming: [409, 'The guest has reservations to come', 'That guest still has a booking with us.'],
  contact_required: [422, 'A guest needs a phone or an e-mail', 'May I have a phone number or an e-mail?'],
  invalid_phone: [422, 'That is no phone number', 'I did not get that phone number. Could you repeat it?'],
} as const satisfies Record<string, readonly [status: number, title: string, hint: string]>

export type ProblemCode = keyof typeof problems

export type ProblemFacts = {
  /** One human sentence about this case; the title says it where there is nothing to add. */
  detail?: string
  /** One sentence a voice agent could speak instead of the code's own. */
  hint?: string
  errors?: { path: string; message: string }[]
  /** Members of their own: the current resource, the nearest free times, the claim in the way. */
  more?: Record<string, unknown>
  retry_after_seconds?: number
}

/** Thrown by verbs, turned into an answer at the edge. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly facts: ProblemFacts
  constructor(code: ProblemCode, facts: ProblemFacts = {}) {
    super(facts.detail ?? problems[code][1])
    this.code = code
    this.facts = facts
  }
}

export function problemBody(problem: Problem, requestId: string): Record<string, unknown> {
  const [status, title, hint] = problems[problem.code]
  return {
    success: false,
    type: `urn:tableside:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.facts.detail ?? `${title}.`,
    hint: problem.facts.hint ?? hint,
    ...(problem.facts.errors ? { errors: problem.facts.errors } : {}),
    ...problem.facts.more,
    request_id: requestId,
  }
}

export function problemResponse(problem: Problem, requestId: string): Response {
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (problem.facts.retry_after_seconds) headers.set('retry-after', String(problem.facts.retry_after_seconds))
  const status = problems[problem.code][0]
  return new Response(JSON.stringify(problemBody(problem, requestId)), { status, headers })
}
