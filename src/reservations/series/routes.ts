import * as z from 'zod'
import { endpoint, type Endpoint } from '../../platform/endpoint.ts'
import { Id } from '../../platform/text.ts'
import { bookSeries } from './book.ts'
import { cancelSeries } from './cancel.ts'
import { changeSeries } from './change.ts'
import { extendSeries } from './extend.ts'
import { getSeries, listSeries } from './read.ts'
import {
  BookedSeries,
  CancelledSeries,
  ChangedSeries,
  NewSeries,
  Series,
  SeriesCancelQuery,
  SeriesEdit,
  SeriesExtension,
  SeriesFilter,
  SeriesWithOccurrences,
} from './schema.ts'

const IdPath = z.strictObject({ id: Id })
const tag = 'Series and groups'

/** Before the other reservations: what comes after /reservations/ would be a reference there. */
export const seriesEndpoints: Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/reservations/series',
    scope: 'reservations:write',
    tag,
    summary: 'Books a table on every date of a rule, at the same wall time',
    body: NewSeries,
    answer: BookedSeries,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => bookSeries(ctx, body, once),
  }),
  endpoint({
    method: 'get',
    path: '/reservations/series',
    scope: 'reservations:read',
    tag,
    summary: 'Lists series, newest first',
    query: SeriesFilter,
    answer: z.array(Series),
    run: (ctx, { query }) => listSeries(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/reservations/series/:id',
    scope: 'reservations:read',
    tag,
    summary: 'A series with its occurrences',
    params: IdPath,
    answer: SeriesWithOccurrences,
    run: (ctx, { params }) => getSeries(ctx, params.id),
  }),
  endpoint({
    method: 'put',
    path: '/reservations/series/:id',
    scope: 'reservations:write',
    tag,
    summary: 'Changes one occurrence, those from a date on, or all to come',
    params: IdPath,
    body: SeriesEdit,
    answer: ChangedSeries,
    run: (ctx, { params, body, if_match, once }) => changeSeries(ctx, params.id, body, if_match, once),
  }),
  endpoint({
    method: 'delete',
    path: '/reservations/series/:id',
    scope: 'reservations:write',
    tag,
    summary: 'Cancels one occurrence, those from a date on, or all to come',
    params: IdPath,
    query: SeriesCancelQuery,
    answer: CancelledSeries,
    run: (ctx, { params, query, if_match, once }) => cancelSeries(ctx, params.id, query, if_match, once),
  }),
  endpoint({
    method: 'post',
    path: '/reservations/series/:id/extend',
    scope: 'reservations:write',
    tag,
    summary: 'More dates of a series',
    params: IdPath,
    body: SeriesExtension,
    answer: BookedSeries,
    creates: true,
    run: (ctx, { params, body, if_match, once }) => extendSeries(ctx, params.id, body, if_match, once),
  }),
]
