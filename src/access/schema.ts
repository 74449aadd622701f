import * as z from 'zod'
import { Id, text } from '../platform/text.ts'

/** What a key may do. `floor:*` stands for reading and writing; `platform` is the operator's. */
export const scopes = [
  'reservations:read',
  'reservations:write',
  'guests:read',
  'guests:write',
  'floor:read',
  'floor:write',
  'floor:*',
  'orders:read',
  'orders:write',
  'orders:*',
  'agents:read',
  'agents:write',
  'agents:*',
  'analytics:read',
  'settings:read',
  'settings:write',
  'keys:write',
  'staff:read',
  'staff:write',
] as const
export const TenantScope = z.enum(scopes)
export const Scope = z.enum([...scopes, 'platform'])
export type Scope = z.infer<typeof Scope>

/** What a restaurant's first key may do: everything a restaurant may. */
export const allTenantScopes: Scope[] = [
  'reservations:read',
  'reservations:write',
  'guests:read',
  'guests:write',
  'floor:*',
  'orders:*',
  'agents:*',
  'analytics:read',
  'settings:read',
  'settings:write',
  'keys:write',
  'staff:read',
  'staff:write',
]

/** Who of the house signs in; what each may do is the table in rules.ts. */
export const roles = ['owner', 'manager', 'host', 'server', 'kitchen'] as const
export const Role = z.enum(roles)
export type Role = z.infer<typeof Role>

export const NewApiKey = z
  .strictObject({
    name: text(80),
    scopes: z.array(TenantScope).min(1).max(scopes.length),
    rate_per_minute: z.int().min(1).max(10_000_000).optional(),
  })
  .meta({ id: 'NewApiKey' })
export type NewApiKey = z.infer<typeof NewApiKey>

export const ApiKey = z
  .object({
    id: Id,
    name: z.string(),
    prefix: z.string().meta({ description: 'How the key begins; the rest is not kept' }),
    scopes: z.array(Scope),
    rate_per_minute: z.int(),
    created_at: z.string(),
    revoked_at: z.string().nullable(),
  })
  .meta({ id: 'ApiKey' })
export type ApiKey = z.infer<typeof ApiKey>

/** With the secret, in the one answer that ever carries it; null where that answer is replayed. */
export const IssuedApiKey = ApiKey.extend({ api_key: z.string().nullable() }).meta({ id: 'IssuedApiKey' })
export type IssuedApiKey = z.infer<typeof IssuedApiKey>
