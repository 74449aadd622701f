import * as z from 'zod'
import { callEndpoint, endpoint, type AgentCtx, type Endpoint } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { Id } from '../platform/text.ts'
import { callAnalytics, getCall, listCalls } from './call-list.ts'
import {
  AnalyticsQuery,
  CallAnalytics,
  CallDetail,
  CallEnd,
  CallFilter,
  HandledInput,
  NewCall,
  NewHandoff,
  NewTurns,
  OpenedCall,
  VoiceCall,
} from './call-schema.ts'
import { closeCall, handleCall, noteHandoff, noteTurns, openCall } from './calls.ts'
import { listOperations, operateByRest } from './rest-door.ts'

const tag = 'Agents'
const IdPath = z.strictObject({ id: Id })
const JsonSchema = z.record(z.string(), z.unknown())

const OperationDescription = z
  .object({
    name: z.string(),
    title: z.string(),
    description: z.string(),
    scope: z.string(),
    reads: z.boolean(),
    idempotent: z.boolean(),
    destructive: z.boolean(),
    input_schema: JsonSchema,
    strict_input_schema: JsonSchema.meta({ description: 'Every key required, what may be left out may be null' }),
    output_schema: JsonSchema,
  })
  .meta({ id: 'AgentOperation' })

const OperationResult = z
  .object({
    output: z.record(z.string(), z.unknown()),
    say: z.string().meta({ description: 'May be spoken as it is' }),
  })
  .meta({ id: 'AgentOperationResult' })

/** A call's token is for its own call. */
function mustBe(ctx: AgentCtx, id: string): void {
  if (ctx.claims && ctx.claims.call_id !== id) throw new Problem('not_found', { detail: 'There is no such call.' })
}

export const agentEndpoints: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/agents/operations',
    scope: 'agents:read',
    tag,
    summary: 'What an agent can do, with schemas for its tools',
    answer: z.array(OperationDescription),
    run: () => Promise.resolve({ data: listOperations() }),
  }),
  callEndpoint({
    method: 'post',
    path: '/agents/operations/:name',
    scope: 'agents:read',
    tag,
    summary: 'Does one operation',
    description:
      'The body is the input of the operation. With a call’s token, or with call_id, it is done in that call. ' +
      'What writes needs the scope agents:write.',
    params: z.strictObject({ name: z.string().max(60) }),
    body: z
      .looseObject({ call_id: Id.nullish().meta({ description: 'The call it is done in' }) })
      .meta({ id: 'AgentOperationInput' }),
    answer: OperationResult,
    creates: true,
    run: (ctx, { params, body, once }) => operateByRest(ctx, params.name, body, once),
  }),
  endpoint({
    method: 'post',
    path: '/agents/calls',
    scope: 'agents:write',
    tag,
    summary: 'A call begins; its token may touch what this call may',
    body: NewCall,
    answer: OpenedCall,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => openCall(ctx, body, once),
  }),
  endpoint({
    method: 'get',
    path: '/agents/calls',
    scope: 'agents:read',
    tag,
    summary: 'Lists calls, newest first',
    query: CallFilter,
    answer: z.array(VoiceCall),
    run: (ctx, { query }) => listCalls(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/agents/calls/:id',
    scope: 'agents:read',
    tag,
    summary: 'A call with its transcript, handoffs and tools',
    params: IdPath,
    answer: CallDetail,
    run: (ctx, { params }) => getCall(ctx, params.id),
  }),
  callEndpoint({
    method: 'post',
    path: '/agents/calls/:id/turns',
    scope: 'agents:write',
    tag,
    summary: 'Lines of the transcript',
    params: IdPath,
    body: NewTurns,
    answer: z.object({ noted: z.int() }),
    run(ctx, { params, body }) {
      mustBe(ctx, params.id)
      return noteTurns(ctx, params.id, body)
    },
  }),
  callEndpoint({
    method: 'post',
    path: '/agents/calls/:id/handoffs',
    scope: 'agents:write',
    tag,
    summary: 'One agent hands over to another',
    params: IdPath,
    body: NewHandoff,
    answer: VoiceCall,
    run(ctx, { params, body }) {
      mustBe(ctx, params.id)
      return noteHandoff(ctx, params.id, body)
    },
  }),
  callEndpoint({
    method: 'post',
    path: '/agents/calls/:id/close',
    scope: 'agents:write',
    tag,
    summary: 'Hangs up: the held table is given back',
    params: IdPath,
    body: CallEnd.prefault({}),
    answer: VoiceCall,
    run(ctx, { params, body }) {
      mustBe(ctx, params.id)
      return closeCall(ctx, params.id, body)
    },
  }),
  endpoint({
    method: 'post',
    path: '/agents/calls/:id/handled',
    scope: 'agents:write',
    tag,
    summary: 'Somebody has seen to a caller who wanted a person',
    params: IdPath,
    body: HandledInput.prefault({}),
    answer: VoiceCall,
    run: (ctx, { params, body, if_match, once }) => handleCall(ctx, params.id, body.version ?? if_match, once),
  }),
  endpoint({
    method: 'get',
    path: '/agents/analytics',
    scope: 'analytics:read',
    tag,
    summary: 'What became of calls, and how they were handed on',
    query: AnalyticsQuery,
    answer: CallAnalytics,
    run: (ctx, { query }) => callAnalytics(ctx, query),
  }),
]
