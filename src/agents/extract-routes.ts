import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { extractUtterance } from './extract.ts'
import { Extraction, ExtractRequest } from './extract-schema.ts'

export const extractEndpoints: Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/agents/extract',
    scope: 'agents:read',
    tag: 'Agents',
    summary: 'What a diner’s sentence says: date, time, party, name, telephone, wish',
    description:
      'Deterministic, without a model, in English, Spanish, French, German, Italian, Portuguese, Chinese and Japanese. ' +
      'What the sentence does not say is not in the answer; what is open to another reading has `alternatives`.',
    body: ExtractRequest,
    answer: Extraction,
    run: (ctx, { body }) => extractUtterance(ctx, body),
  }),
]
