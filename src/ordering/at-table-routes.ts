import * as z from 'zod'
import { endpoint, type Endpoint, memberEndpoint } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import { acknowledgeCall, callStaff, listCalls } from './call.ts'
import { CallFilter, NewCall, TableCall } from './call-schema.ts'
import { rotatePass, validatePass } from './pass.ts'
import { NewPass, PassTry, PassVerdict, RotatedPass } from './pass-schema.ts'

const IdPath = z.strictObject({ id: Id })

export const atTableEndpoints: Endpoint[] = [
  memberEndpoint({
    method: 'post',
    path: '/session/:id/validate_pass',
    tag: 'Daily pass',
    summary: 'Gives the pass of the day; five wrong tries a minute',
    params: IdPath,
    body: PassTry,
    answer: PassVerdict,
    run: (ctx, { params, body }) => validatePass(ctx, params.id, body),
  }),
  endpoint({
    method: 'post',
    path: '/admin/daily_pass',
    root: true,
    scope: 'floor:write',
    tag: 'Daily pass',
    summary: 'Sets or rotates the pass of the day; told in this one answer, and mailed to the owner',
    body: NewPass,
    answer: RotatedPass,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => rotatePass(ctx, body, once),
  }),
  memberEndpoint({
    method: 'post',
    path: '/session/:id/call',
    tag: 'Calls',
    summary: 'Calls the waiter, asks for the bill or for water',
    params: IdPath,
    body: NewCall,
    answer: TableCall,
    status: 201,
    creates: true,
    run: (ctx, { params, body, once }) => callStaff(ctx, params.id, body, once),
  }),
  endpoint({
    method: 'get',
    path: '/calls',
    scope: 'floor:read',
    tag: 'Calls',
    summary: 'Lists calls from the tables, newest first; without a status those nobody has gone to yet',
    query: CallFilter,
    answer: z.array(TableCall),
    run: (ctx, { query }) => listCalls(ctx, query),
  }),
  endpoint({
    method: 'post',
    path: '/calls/:id/acknowledge',
    scope: 'orders:write',
    tag: 'Calls',
    summary: 'Tells a table that somebody is on the way',
    params: IdPath,
    answer: TableCall,
    run: (ctx, { params, once }) => acknowledgeCall(ctx, params.id, once),
  }),
]
