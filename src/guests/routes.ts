import * as z from 'zod'
import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import { Reservation } from '../reservations/schema.ts'
import { changeGuest } from './change.ts'
import { createGuest } from './create.ts'
import { eraseGuest, guestData } from './erase.ts'
import { Erased, GuestData, RemoveQuery } from './erase-schema.ts'
import { exportGuests, xlsxType } from './export.ts'
import { Moment, Preferences } from './history-schema.ts'
import { getGuest, listGuests } from './list.ts'
import { matchGuests } from './match.ts'
import { mergeGuests } from './merge.ts'
import { guestPreferences } from './preferences.ts'
import { removeGuest } from './remove.ts'
import {
  Candidate,
  ExportFilter,
  Guest,
  GuestDetail,
  GuestEdit,
  GuestFilter,
  MatchInput,
  MergeInput,
  NewGuest,
  PageQuery,
} from './schema.ts'
import { guestBookings, guestTimeline } from './timeline.ts'

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
    method: 'get',
    path: '/guests/export.csv',
    scope: 'guests:write',
    tag,
    summary: 'All guests, or those a filter finds, as comma-separated values; at most 50,000',
    query: ExportFilter,
    answer: z.null(),
    media: 'text/csv',
    run: (ctx, { query }) => exportGuests(ctx, 'csv', query),
  }),
  endpoint({
    method: 'get',
    path: '/guests/export.xlsx',
    scope: 'guests:write',
    tag,
    summary: 'The same as a workbook',
    query: ExportFilter,
    answer: z.null(),
    media: xlsxType,
    run: (ctx, { query }) => exportGuests(ctx, 'xlsx', query),
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
    summary: 'One guest, with what their past comes to and what is to come',
    params: IdPath,
    answer: GuestDetail,
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
    description: 'With `erase=true` nothing that is about them stays anywhere, and what is counted stays without them.',
    params: IdPath,
    query: RemoveQuery,
    answer: z.union([Guest, Erased]),
    run: (ctx, { params, query, if_match, once }) =>
      query.erase ? eraseGuest(ctx, params.id, if_match, once) : removeGuest(ctx, params.id, if_match, once),
  }),
  endpoint({
    method: 'get',
    path: '/guests/:id/preferences',
    scope: 'guests:read',
    tag,
    summary: 'What a guest likes: learned from their visits, and stated; each with its evidence',
    params: IdPath,
    answer: Preferences,
    run: (ctx, { params }) => guestPreferences(ctx, params.id),
  }),
  endpoint({
    method: 'get',
    path: '/guests/:id/data',
    scope: 'guests:write',
    tag,
    summary: 'Everything that is held about a guest, for the guest',
    params: IdPath,
    answer: GuestData,
    run: (ctx, { params }) => guestData(ctx, params.id),
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
  endpoint({
    method: 'get',
    path: '/guests/:id/timeline',
    scope: 'guests:read',
    tag,
    summary: 'All there was with a guest: bookings, waits, orders, messages, calls, notes; the newest first',
    params: IdPath,
    query: PageQuery,
    answer: z.array(Moment),
    run: (ctx, { params, query }) => guestTimeline(ctx, params.id, query),
  }),
]
