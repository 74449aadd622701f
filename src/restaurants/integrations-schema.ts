import * as z from 'zod'
import { text, Version } from '../platform/text.ts'

const Secret = z
  .string()
  .min(8)
  .max(500)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .meta({ writeOnly: true, description: 'Sealed at rest, and never shown again' })
const Url = text(500)

/** How the restaurant's till is reached. Each PUT brings its secrets anew: none is kept for another address. */
export const NewPos = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('http'),
      url: Url,
      secret: Secret.meta({ description: 'Signs what is sent to the POS and what it sends back (Standard Webhooks)' }),
      lookup: z.boolean().default(false).meta({ description: 'Whether GET {url}/{order_id} tells if it has an order' }),
      version: Version.optional(),
    }),
    z.strictObject({
      kind: z.literal('square'),
      url: Url.default('https://connect.squareup.com'),
      secret: Secret.meta({ description: "The signature key of Square's webhook subscription" }),
      access_token: Secret,
      location_id: text(64),
      version: Version.optional(),
    }),
  ])
  .meta({ id: 'NewPos' })
export type NewPos = z.infer<typeof NewPos>

export const VoiceVendor = z.enum(['vapi', 'retell', 'elevenlabs', 'openai', 'twilio'])
export type VoiceVendor = z.infer<typeof VoiceVendor>

/** How a platform that answers the telephone shows itself, and which numbers it answers. */
export const NewVoice = z
  .strictObject({
    secret: Secret.meta({ description: 'What its requests are signed or sent with' }),
    webhook_secret: Secret.optional().meta({ description: 'Where what it sends after a call is signed with another' }),
    api_key: Secret.optional().meta({ description: 'To call the platform back: to accept, transfer or hang up' }),
    agent_id: text(120).optional(),
    model: text(120).optional().meta({ description: 'Of openai: the model that the team of agents speaks with' }),
    api_url: Url.optional().meta({
      description: 'Of openai: a gateway that speaks its API, instead of its own address',
    }),
    phone_numbers: z.array(text(40)).max(20).default([]),
    version: Version.optional(),
  })
  .meta({ id: 'NewVoice' })
export type NewVoice = z.output<typeof NewVoice>

/** An integration as it may be shown. */
export const Integration = z
  .object({
    name: z.string().meta({ example: 'pos' }),
    kind: z.string(),
    url: z.string().nullable(),
    location_id: z.string().optional(),
    lookup: z.boolean().optional(),
    agent_id: z.string().optional(),
    model: z.string().optional(),
    api_url: z.string().optional(),
    phone_numbers: z.array(z.string()).optional(),
    has_secret: z.literal(true),
    version: z.int(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'Integration' })
export type Integration = z.infer<typeof Integration>

/** Opened, for whoever delivers to it; never in an answer, an event or a log. */
export const Pos = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('http'), url: z.string(), secret: z.string(), lookup: z.boolean().default(false) }),
  z.object({
    kind: z.literal('square'),
    url: z.string(),
    secret: z.string(),
    access_token: z.string(),
    location_id: z.string(),
  }),
])
export type Pos = z.infer<typeof Pos>

/** Opened, for the door of that platform; never in an answer, an event or a log. */
export const Voice = z.object({
  secret: z.string(),
  webhook_secret: z.string().optional(),
  api_key: z.string().optional(),
  agent_id: z.string().optional(),
  model: z.string().optional(),
  api_url: z.string().optional(),
  phone_numbers: z.array(z.string()).default([]),
})
export type Voice = z.infer<typeof Voice>
