import * as z from 'zod'
import { callEndpoint, endpoint, type Endpoint } from '../../platform/endpoint.ts'
import { LanguageTag } from '../../platform/text.ts'
import { converse } from './converse.ts'
import { describeTeam } from './describe.ts'
import { Conversed, ConverseInput, TeamMember } from './schema.ts'

const tag = 'Agents'

export const teamEndpoints: Endpoint[] = [
  callEndpoint({
    method: 'post',
    path: '/agents/converse',
    scope: 'agents:write',
    tag,
    summary: 'Says something to the team of agents, and hears its answer',
    description:
      'Without a telephone, or behind any. The model is the one the house has set up under /integrations/voice/openai ' +
      '(`api_key`); 409 `model_not_configured` without one. What a call may do is what its operations may.',
    body: ConverseInput,
    answer: Conversed,
    creates: true,
    run: (ctx, { body, once }) => converse(ctx, body, once),
  }),
  endpoint({
    method: 'get',
    path: '/agents/team',
    scope: 'agents:read',
    tag,
    summary: 'The team as plain data: instructions, operations and typed handoffs of each agent',
    query: z.strictObject({ locale: LanguageTag.optional() }),
    answer: z.array(TeamMember),
    run: (ctx, { query }) => describeTeam(ctx, query.locale),
  }),
]
