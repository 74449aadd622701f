import * as z from 'zod'
import { endpoint, type Endpoint, publicEndpoint } from '../../platform/endpoint.ts'
import { Id, text } from '../../platform/text.ts'
import { advanceByHand } from './advance.ts'
import { answerAsGuest, guestWait } from './guest.ts'
import { editEntry, joinWaitlist } from './join.ts'
import { entryDecisions, getEntry, listWaitlist, quoteAccuracy, quoteNow } from './list.ts'
import {
  AccuracyQuery,
  Advanced,
  DeclineInput,
  GuestAnswer,
  GuestWait,
  NewWaitlistEntry,
  NotifyInput,
  Quote,
  QuoteAccuracy,
  QuoteQuery,
  SeatInput,
  WaitDecision,
  WaitlistEdit,
  WaitlistEntry,
  WaitlistFilter,
  WaitStep,
} from './schema.ts'
import { acceptOffer, declineOffer, leaveWaitlist, notifyParty, seatFromWaitlist } from './step.ts'

const IdPath = z.strictObject({ id: Id })
const TokenPath = z.strictObject({ token: z.string().max(200) })
const LeaveQuery = z.strictObject({
  by: z.enum(['guest', 'staff']).optional().meta({ description: 'Who wants it' }),
  why: text(300).optional(),
})
const EmptyBody = z.strictObject({}).default({})
const tag = 'Waitlist'

export const waitlistEndpoints: Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/waitlist',
    scope: 'reservations:write',
    tag,
    summary: 'Joins the queue of now, with a quoted wait, or the list of a day to come',
    body: NewWaitlistEntry,
    answer: WaitlistEntry,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => joinWaitlist(ctx, body, once),
  }),
  endpoint({
    method: 'get',
    path: '/waitlist',
    scope: 'reservations:read',
    tag,
    summary: 'The queue of a day in order, with what each may expect now',
    query: WaitlistFilter,
    answer: z.array(WaitlistEntry),
    run: (ctx, { query }) => listWaitlist(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/waitlist/quote',
    scope: 'reservations:read',
    tag,
    summary: 'How long a party would wait that joined now',
    query: QuoteQuery,
    answer: Quote,
    run: (ctx, { query }) => quoteNow(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/waitlist/quote-accuracy',
    scope: 'floor:read',
    tag,
    summary: 'What was quoted against what came',
    query: AccuracyQuery,
    answer: QuoteAccuracy,
    run: (ctx, { query }) => quoteAccuracy(ctx, query),
  }),
  endpoint({
    method: 'post',
    path: '/waitlist/advance',
    scope: 'floor:write',
    tag,
    summary: 'Offers what is free to the first in fair order; done by itself whenever a table comes free',
    body: EmptyBody,
    answer: Advanced,
    run: (ctx) => advanceByHand(ctx),
  }),
  endpoint({
    method: 'get',
    path: '/waitlist/:id',
    scope: 'reservations:read',
    tag,
    summary: 'One entry',
    params: IdPath,
    answer: WaitlistEntry,
    run: (ctx, { params }) => getEntry(ctx, params.id),
  }),
  endpoint({
    method: 'put',
    path: '/waitlist/:id',
    scope: 'floor:write',
    tag,
    summary: 'Corrects an entry; its place stays',
    params: IdPath,
    body: WaitlistEdit,
    answer: WaitlistEntry,
    run: (ctx, { params, body, if_match, once }) => editEntry(ctx, params.id, body, if_match, once),
  }),
  endpoint({
    method: 'delete',
    path: '/waitlist/:id',
    scope: 'reservations:write',
    tag,
    summary: 'Leaves the queue; a table that was held goes to the next',
    params: IdPath,
    query: LeaveQuery,
    answer: WaitlistEntry,
    run: (ctx, { params, query, if_match, once }) =>
      leaveWaitlist(ctx, params.id, { ...query, ...versionOf(undefined, if_match) }, once),
  }),
  endpoint({
    method: 'get',
    path: '/waitlist/:id/decisions',
    scope: 'floor:read',
    tag,
    summary: 'Every offer of an entry, and every time it was passed over, with why',
    params: IdPath,
    answer: z.array(WaitDecision),
    run: (ctx, { params }) => entryDecisions(ctx, params.id),
  }),
  endpoint({
    method: 'post',
    path: '/waitlist/:id/accept',
    scope: 'reservations:write',
    tag,
    summary: 'Takes the table that is held: they are on their way',
    params: IdPath,
    body: WaitStep.default({}),
    answer: WaitlistEntry,
    run: (ctx, { params, body, if_match, once }) =>
      acceptOffer(ctx, params.id, { ...body, ...versionOf(body.version, if_match) }, once),
  }),
  endpoint({
    method: 'post',
    path: '/waitlist/:id/decline',
    scope: 'reservations:write',
    tag,
    summary: 'Does not want that table; it goes to the next',
    params: IdPath,
    body: DeclineInput.prefault({}),
    answer: WaitlistEntry,
    run: (ctx, { params, body, if_match, once }) =>
      declineOffer(ctx, params.id, { ...body, ...versionOf(body.version, if_match) }, once),
  }),
  endpoint({
    method: 'post',
    path: '/waitlist/:id/seat',
    scope: 'floor:write',
    tag,
    summary: 'The party sits, at its table or another',
    params: IdPath,
    body: SeatInput.default({}),
    answer: WaitlistEntry,
    run: (ctx, { params, body, if_match, once }) =>
      seatFromWaitlist(ctx, params.id, { ...body, ...versionOf(body.version, if_match) }, once),
  }),
  endpoint({
    method: 'post',
    path: '/waitlist/:id/notify',
    scope: 'floor:write',
    tag,
    summary: 'Offers this party a table now, out of order',
    params: IdPath,
    body: NotifyInput.default({}),
    answer: WaitlistEntry,
    run: (ctx, { params, body, if_match, once }) =>
      notifyParty(ctx, params.id, { ...body, ...versionOf(body.version, if_match) }, once),
  }),
  publicEndpoint({
    method: 'get',
    path: '/w/:token',
    tag,
    summary: 'A guest looks at its place in the queue',
    params: TokenPath,
    answer: GuestWait,
    run: (ctx, { params }) => guestWait(ctx, params.token),
  }),
  publicEndpoint({
    method: 'post',
    path: '/w/:token',
    tag,
    summary: 'A guest takes the table it is offered, does not want it, or leaves',
    params: TokenPath,
    body: GuestAnswer,
    answer: GuestWait,
    run: (ctx, { params, body, once }) => answerAsGuest(ctx, params.token, body, once),
  }),
]

function versionOf(said: number | undefined, if_match: number | null): { version?: number } {
  const version = said ?? if_match
  return version === null ? {} : { version }
}
