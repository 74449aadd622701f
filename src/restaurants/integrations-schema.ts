import * as z from 'zod'
import { text, Version } from '../platform/text.ts'

const Secret = z
  .string()
  .min(8)
  .max(500)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .meta({ writeOnly: true, description: 'Sealed at rest, and never shown again' })
const Url = z.string().max(500)

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

/** An integration as it may be shown. */
export const Integration = z
  .object({
    name: z.string().meta({ example: 'pos' }),
    kind: z.string(),
    url: z.string().nullable(),
    location_id: z.string().optional(),
    lookup: z.boolean().optional(),
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
