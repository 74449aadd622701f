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
  invalid_qr: [401, 'That QR code is none of ours', 'That code is not one of ours. Please ask a member of staff.'],
  expired_qr: [401, 'That QR code has expired', 'That code is no longer valid. Please ask a member of staff.'],
  invalid_signature: [401, 'The signature is not right', 'I am not allowed to do that.'],
  forbidden: [403, 'The key may not do this', 'I am not allowed to do that.'],
  wrong_credentials: [401, 'That e-mail and password do not belong together', 'That e-mail or password is not right.'],
  signed_out: [401, 'Signed out', 'Please sign in again.'],
  bad_origin: [403, 'Sent by a page that is not ours', 'I am not allowed to do that.'],
  account_disabled: [403, 'The account is switched off', 'That account is switched off. Please ask a manager.'],
  several_restaurants: [409, 'Say which restaurant', 'Which restaurant is this about?'],
  weak_password: [422, 'That password is too easy to guess', 'Please choose another password.'],
  link_spent: [410, 'The link was used or has expired', 'That link no longer works. Please ask for a new one.'],
  last_owner: [409, 'A house keeps one owner', 'There must be another owner first.'],
  rate_limited: [429, 'Too many requests', 'That was a little fast. Please try again in a moment.'],
  // Repeats and races
  idempotency_key_reused: [422, 'This Idempotency-Key was used for another request', 'Please start that request over.'],
  invalid_idempotency_key: [400, 'The Idempotency-Key is not usable', 'Please start that request over.'],
  stale_version: [409, 'It was changed meanwhile', 'Somebody changed that meanwhile. Let me look again.'],
  busy: [503, 'Busy; try again', 'It is very busy right now. Let me try again in a moment.'],
  unavailable: [503, 'Out of reach; try again', 'I cannot reach the book right now. Please try again in a moment.'],
  internal: [500, 'Something went wrong on our side', 'Something went wrong on our side.'],
  // At the table
  restaurant_closed: [403, 'The restaurant is closed now', 'We are closed right now.'],
  table_disabled: [423, 'Nothing can be ordered at that table now', 'Ordering is switched off at that table.'],
  ordering_disabled: [
    423,
    'Ordering is switched off now',
    'Ordering is switched off right now. Please ask a member of staff.',
  ],
  qr_required: [403, 'Scan the QR code on the table', 'Please scan the code on your table.'],
  session_closed: [409, 'The session is over', 'That session is over. Please scan the code on your table again.'],
  session_open: [409, 'Another session is open at that table', 'There is another session at that table.'],
  session_full: [409, 'The session takes no more members', 'That table takes no more phones.'],
  member_removed: [403, 'This member was sent away', 'Please ask a member of staff.'],
  upgrade_required: [426, 'This is for WebSockets', 'That cannot be done this way.'],
  stale_line: [409, 'Somebody changed that line', 'Somebody changed that meanwhile.'],
  stale_cart: [409, 'The cart has changed meanwhile', 'The cart has changed meanwhile. Please look again.'],
  unknown_line: [404, 'That line is not in the cart', 'That is no longer in the cart.'],
  not_your_line: [403, 'That line is somebody else’s', 'That was ordered by somebody else.'],
  unknown_item: [404, 'That is not on the menu', 'That is not on our menu.'],
  sold_out_item: [409, 'That has run out', 'We have run out of that.'],
  not_served_now: [409, 'That is not served at this hour', 'We do not serve that at this hour.'],
  bad_modifiers: [422, 'Those choices do not go together', 'Those choices do not go together.'],
  bad_variant: [422, 'There is no such size', 'We do not have it in that size.'],
  allergy_not_acknowledged: [
    409,
    'It holds something a guest must not have',
    'It holds something that you said you must not have.',
  ],
  cart_frozen: [409, 'An order is just being placed', 'An order is just being placed. One moment please.'],
  cart_full: [409, 'The cart is full', 'The cart is full.'],
  cart_empty: [409, 'The cart is empty', 'There is nothing in the cart yet.'],
  unknown_member: [403, 'No member of this session', 'You are not at this table any more.'],
  wrong_pass: [403, 'That is not the pass of the day', 'That is not the pass of the day.'],
  pass_required: [403, 'The pass of the day is needed first', 'Please enter the pass of the day first.'],
  malformed: [422, 'That was not understood', 'I did not understand that.'],
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
  series_conflicts: [
    409,
    'Dates of that series cannot be had',
    'I cannot book that series as it is. Some of its dates are taken or closed.',
  ],
  phone_has_upcoming: [409, 'This phone has a booking to come', 'You already have a booking with us.'],
  // In a call
  name_required: [422, 'A name is needed', 'Under which name is the booking?'],
  lookups_spent: [429, 'Too many names were tried', 'I cannot look that up this way. Shall I put you through?'],
  which_booking: [409, 'There is more than one', 'You have more than one booking with us. Which one do you mean?'],
  call_over: [409, 'The call is over', 'This call is over.'],
  commit_mismatch: [409, 'That is not what was read back', 'Let me read that back to you once more.'],
  commit_expired: [409, 'What was read back is too long ago', 'Let me read that back to you once more.'],
  nothing_to_change: [422, 'The change names nothing', 'What would you like to change?'],
  needs_person: [
    409,
    'A person has to look at this',
    'A colleague has to finish that with you. Shall I put you through?',
  ],
  yes_needed: [409, 'The guest has not said yes to it yet', 'Is that right? Please say yes or no.'],
  model_not_configured: [
    409,
    'The house has set up no model to speak with',
    'I cannot answer that way. Please call the restaurant.',
  ],
  model_unavailable: [503, 'The model does not answer', 'I did not get that. Could you say it once more?'],
  // The life of things
  illegal_step: [409, 'Its state does not allow that step', 'That cannot be done with this booking any more.'],
  too_late_to_change: [
    409,
    'It is too late to change that online',
    'It is too late to change that online. Please call us.',
  ],
  hold_expired: [409, 'The hold has lapsed', 'We could not keep that table any longer. Shall I look again?'],
  hold_limit: [409, 'The hold cannot be kept longer', 'I cannot keep that table any longer.'],
  table_taken: [409, 'The table was given to somebody else', 'That table was given to somebody else meanwhile.'],
  table_in_use: [409, 'The table has claims to come', 'That table still has bookings to come.'],
  already_exists: [409, 'There is one already', 'We have that already.'],
  guest_has_upcoming: [409, 'The guest has reservations to come', 'That guest still has a booking with us.'],
  contact_required: [422, 'A guest needs a phone or an e-mail', 'May I have a phone number or an e-mail?'],
  export_too_large: [422, 'More rows than one file holds', 'That is more than fits into one file.'],
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
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  return new Response(JSON.stringify(problemBody(problem, requestId)), { status, headers })
}
