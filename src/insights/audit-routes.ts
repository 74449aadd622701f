import * as z from 'zod'
import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { readAudit, readHead } from './audit.ts'
import { AuditEvent, AuditHead, AuditQuery } from './audit-schema.ts'

const tag = 'Audit'

export const auditEndpoints: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/audit',
    scope: 'analytics:read',
    tag,
    summary: 'Every change by anyone: who, what, when, before, after, why; the newest first',
    description: 'What is about persons is shown to who may read guests too (`guests:read`).',
    query: AuditQuery,
    answer: z.array(AuditEvent),
    run: (ctx, { query }) => readAudit(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/audit/head',
    scope: 'analytics:read',
    tag,
    summary: 'The newest seal of the chain, to be kept elsewhere',
    answer: AuditHead.nullable(),
    run: (ctx) => readHead(ctx),
  }),
]
