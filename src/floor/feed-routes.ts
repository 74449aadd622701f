import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { readMissed } from './feed-missed.ts'
import { Missed, MissedQuery } from './feed-schema.ts'

export const feedEndpoints: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/admin/feed',
    root: true,
    scope: 'floor:read',
    tag: 'Floor',
    summary: 'The live feed after a number, for who has no socket',
    description: 'Numbers are those of GET /admin/ws; a console asks beside its socket, so that nothing stays lost.',
    query: MissedQuery,
    answer: Missed,
    run: (ctx, { query }) => readMissed(ctx, query.last_seq),
  }),
]
