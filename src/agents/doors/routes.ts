import * as z from 'zod'
import { endpoint, type Endpoint } from '../../platform/endpoint.ts'
import { VoiceVendor } from '../../restaurants/integrations-schema.ts'
import { doorUrl, toolsFor } from './tools.ts'

export const doorEndpoints: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/agents/vendors/:vendor/tools',
    scope: 'agents:read',
    tag: 'Agents',
    summary: 'The operations as a voice platform wants its tools described, and where it sends what happens',
    params: z.strictObject({ vendor: VoiceVendor }),
    answer: z.object({ webhook_url: z.string(), tools: z.array(z.record(z.string(), z.unknown())) }),
    run({ restaurant, secrets }, { params }) {
      const { public_origin } = secrets
      const webhook_url = doorUrl(public_origin, params.vendor, restaurant.slug)
      return Promise.resolve({ data: { webhook_url, tools: toolsFor(params.vendor, public_origin, restaurant.slug) } })
    },
  }),
]
