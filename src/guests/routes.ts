import * as z from 'zod'
import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import { Reservation } from '../reservations/schema.ts'
import { changeGuest } from './change.ts'
import { createGuest } from './create.ts'
import { getGuest, listGuests } from './list.ts'
import { matchGuests } from './match.ts'
import { mergeGuests } from './merge.ts'
import { removeGuest } from './remove.ts'
import { Candidate, Guest, GuestEdit, GuestFilter, MatchInput, MergeInput, NewGuest, PageQuery } from './schema.ts'
import { guestBookings } from './timeline.ts'

const IdPath = z.strictObject({ id: Id })
const tag = 'Guests'

export const guestEndpoints: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/guests',
    scope: 'guests:read',
    tag,
    summary: 'Searches guests; the best match first, or by name',
    query: GuestFilter,
    answer: z.array(Guest),
    run: (ctx, { query }) => listGuests(ctx, query),
  }),
  endpoint({
    method: 'post',
    path: '/guests',
    scope: 'guests:write',
    tag,
    summary: 'Adds a guest',
    description: '409 already_exists carries the guest that has the phone or e-mail, as `current`.',
    body: NewGuest,
    answer: Guest,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => createGuest(ctx, body, once),
  }),
  endpoint({
    method: 'post',
    path: '/guests/match',
    scope: 'guests:read',
    tag,
    summary: 'Who this may be: at most five candidates, the likeliest first',
    body: MatchInput,
    answer: z.array(Candidate),
    run: (ctx, { body }) => matchGuests(ctx, body),
  }),
  endpoint({
    method: 'get',
    path: '/guests/:id',
    scope: 'guests:read',
    tag,
    summary: 'One guest',
    params: IdPath,
    answer: Guest,
    run: (ctx, { params }) => getGuest(ctx, params.id),
  }),
  endpoint({
    method: 'put',
    path: '/guests/:id',
    scope: 'guests:write',
    tag,
    summary: 'Edits what is named of a guest; the rest stays',
    params: IdPath,
    body: GuestEdit,
    answer: Guest,
    run: (ctx, { params, body, if_match, once }) => changeGuest(ctx, params.id, body, if_match, once),
  }),
  endpoint({
    method: 'delete',
    path: '/guests/:id',
    scope: 'guests:write',
    tag,
    summary: 'Removes a guest who has no reservation to come; past ones stay',
    params: IdPath,
    answer: Guest,
    run: (ctx, { params, if_match, once }) => removeGuest(ctx, params.id, if_match, once),
  }),
  endpoint({
    method: 'post',
    path: '/guests/:id/merge',
    scope: 'guests:write',
    tag,
    summary: 'Makes one guest of two, with the history of both',
    params: IdPath,
    body: MergeInput,
    answer: Guest,
    creates: true,
    run: (ctx, { params, body, if_match, once }) => mergeGuests(ctx, params.id, body, if_match, once),
  }),
  endpoint({
    method: 'get',
    path: '/guests/:id/bookings',
    scope: 'guests:read',
    tag,
    summary: 'All that a guest ever booked, the newest first',
    params: IdPath,
    query: PageQuery,
    answer: z.array(Reservation),
    run: (ctx, { params, query }) => guestBookings(ctx, params.id, query),
  }),
]
