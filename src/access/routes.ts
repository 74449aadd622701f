import * as z from 'zod'
import { PageQuery } from '../platform/cursor.ts'
import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import { issueKey, listKeys, revokeKey } from './keys.ts'
import { ApiKey, IssuedApiKey, NewApiKey } from './schema.ts'

const tag = 'Keys'

export const keyEndpoints: Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/keys',
    scope: 'keys:write',
    operator: true,
    tag,
    summary: 'Issues a key, its secret in this one answer',
    description: 'A key gives away only what it has. A replayed answer has null in place of the secret.',
    body: NewApiKey,
    answer: IssuedApiKey,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => issueKey(ctx, body, once),
  }),
  endpoint({
    method: 'get',
    path: '/keys',
    scope: 'keys:write',
    operator: true,
    tag,
    summary: 'Lists the keys, without their secrets',
    query: PageQuery,
    answer: z.array(ApiKey),
    run: (ctx, { query }) => listKeys(ctx, query),
  }),
  endpoint({
    method: 'delete',
    path: '/keys/:id',
    scope: 'keys:write',
    operator: true,
    tag,
    summary: 'Revokes a key; it is refused within five seconds',
    params: z.strictObject({ id: Id }),
    answer: ApiKey,
    run: (ctx, { params, once }) => revokeKey(ctx, params.id, once),
  }),
]
