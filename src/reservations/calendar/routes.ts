import * as z from 'zod'
import { PageQuery } from '../../platform/cursor.ts'
import { endpoint, type Endpoint, publicEndpoint } from '../../platform/endpoint.ts'
import { Id } from '../../platform/text.ts'
import { ReservationRef } from '../schema.ts'
import { issueFeed, listFeeds, readFeed, revokeFeed } from './feed.ts'
import { calendarFile } from './file.ts'
import { CalendarFeed, CalendarFile, IssuedCalendarFeed, NewCalendarFeed } from './schema.ts'

const media = 'text/calendar'
const tag = 'Calendars'

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
]
