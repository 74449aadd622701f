import * as z from 'zod'
import { PageQuery } from '../platform/cursor.ts'
import { endpoint, type Endpoint, publicEndpoint } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import { calendarFile } from './calendar.ts'
import { issueFeed, listFeeds, readFeed, revokeFeed } from './calendar-feed.ts'
import { CalendarFeed, CalendarFile, IssuedCalendarFeed, NewCalendarFeed } from './calendar-schema.ts'
import { cancelManaged, changeManaged, managedCalendar, viewManaged } from './manage.ts'
import { GuestEdit, ManagedReservation, ManageToken } from './manage-schema.ts'
import { ReservationRef } from './schema.ts'

const TokenPath = z.strictObject({ token: ManageToken })
const media = 'text/calendar'
const tag = 'Calendars'
const manage = 'A guest’s own reservation'

export const calendarEndpoints: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/reservations/:ref/calendar.ics',
    scope: 'reservations:read',
    tag,
    summary: 'A reservation as a calendar file',
    params: z.strictObject({ ref: ReservationRef }),
    answer: z.null(),
    media,
    run: (ctx, { params }) => calendarFile(ctx, params.ref),
  }),
  endpoint({
    method: 'post',
    path: '/calendar-feed',
    scope: 'reservations:write',
    tag,
    summary: 'A secret address that a calendar can subscribe to; shown once',
    body: NewCalendarFeed.prefault({}),
    answer: IssuedCalendarFeed,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => issueFeed(ctx, body, once),
  }),
  endpoint({
    method: 'get',
    path: '/calendar-feed',
    scope: 'reservations:read',
    tag,
    summary: 'The feeds there are, revoked ones too',
    query: PageQuery,
    answer: z.array(CalendarFeed),
    run: (ctx, { query }) => listFeeds(ctx, query),
  }),
  endpoint({
    method: 'delete',
    path: '/calendar-feed/:id',
    scope: 'reservations:write',
    tag,
    summary: 'Revokes a feed; its address shows nothing from then on',
    params: z.strictObject({ id: Id }),
    answer: CalendarFeed,
    run: (ctx, { params, once }) => revokeFeed(ctx, params.id, once),
  }),
  publicEndpoint({
    method: 'get',
    path: '/calendar/:file',
    tag,
    summary: 'The book as a calendar, by a feed’s secret address',
    params: z.strictObject({ file: CalendarFile }),
    answer: z.null(),
    media,
    run: (ctx, { params }) => readFeed(ctx, params.file),
  }),
  publicEndpoint({
    method: 'get',
    path: '/r/:token',
    tag: manage,
    summary: 'The reservation of this link',
    params: TokenPath,
    answer: ManagedReservation,
    run: (ctx, { params }) => viewManaged(ctx, params.token),
  }),
  publicEndpoint({
    method: 'put',
    path: '/r/:token',
    tag: manage,
    summary: 'Moves it, or changes the party',
    params: TokenPath,
    body: GuestEdit,
    answer: ManagedReservation,
    run: (ctx, { params, body, if_match, once }) => changeManaged(ctx, params.token, body, if_match, once),
  }),
  publicEndpoint({
    method: 'delete',
    path: '/r/:token',
    tag: manage,
    summary: 'Cancels it; the table is free at once',
    params: TokenPath,
    answer: ManagedReservation,
    run: (ctx, { params, if_match, once }) => cancelManaged(ctx, params.token, if_match, once),
  }),
  publicEndpoint({
    method: 'get',
    path: '/r/:token/calendar.ics',
    tag: manage,
    summary: 'Its calendar file',
    params: TokenPath,
    answer: z.null(),
    media,
    run: (ctx, { params }) => managedCalendar(ctx, params.token),
  }),
]
