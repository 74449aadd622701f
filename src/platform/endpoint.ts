import * as z from 'zod'
import type { CallClaims } from '../access/call-token.ts'
import type { MemberClaims } from '../access/member-token.ts'
import type { Scope } from '../access/schema.ts'
import type { StaffClaims } from '../access/staff-token.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import type { Ctx, Once } from './ctx.ts'
import { mistakesOf } from './mistakes.ts'
import { Problem } from './problem.ts'

/** A request about one restaurant carries it; a platform operator's does not. */
export type TenantCtx = Ctx & { restaurant: Restaurant }

/** Who asks at a door that is open to all: who speaks for a house, a member at a table, or anybody. */
export type Caller =
  | { kind: 'nobody' }
  | { kind: 'member'; claims: MemberClaims }
  | { kind: 'call'; claims: CallClaims }
  /** A key; or staff who signed in, and then who. */
  | { kind: 'key'; scopes: readonly Scope[]; staff: StaffClaims | null }
/** At a door that is open to all. `restaurant` is the caller's own; `limit` throws `rate_limited`. */
export type PublicCtx = Ctx & {
  restaurant: Restaurant | null
  caller: Caller
  address: string
  /** As they came: for cookies, and for what device this is. */
  headers: Headers
  limit: (name: string, per_minute: number) => Promise<unknown>
}
/** Somebody of the house who signed in. */
export type StaffCtx = TenantCtx & { staff: StaffClaims; address: string; headers: Headers }
/** A member at a table. */
export type MemberCtx = TenantCtx & { member: MemberClaims; address: string }
/** An agent with a call's token; or who speaks for the house: then there is none. */
export type AgentCtx = TenantCtx & { claims: CallClaims | null }
/** A member at a table, or staff: then there is no member. */
export type TableCtx = TenantCtx & { member: MemberClaims | null }

/**
 * Who may come in. `key` is for who speaks for a house, `staff` only for who signed in. `public` takes a key or a token
 * too, and refuses one that is not good.
 */
export type Access = 'key' | 'staff' | 'public' | 'member' | 'member_or_key' | 'call_or_key'

export type Meta = { next_cursor?: string | null; total?: number; notices?: { code: string; message: string }[] }
/** What is no JSON: a calendar, a sheet. A body that is null: what the client has under that `etag` is still so. */
export type FileAnswer = {
  body: string | Uint8Array<ArrayBuffer> | null
  content_type: string
  filename: string
  /** Shown where it can be, or kept as a file. */
  shown?: boolean
  etag?: string
}
/** `cookies` are whole `Set-Cookie` lines. Where there is a `file`, it is the answer and `data` is null. */
export type Result<A> = { data: A; meta?: Meta; cookies?: string[]; file?: FileAnswer }

type Shape = z.ZodType
type Out<S> = S extends z.ZodType ? z.output<S> : undefined

export type Input<P, Q, B> = {
  params: Out<P>
  query: Out<Q>
  body: Out<B>
  once: Once
  /** The version the client says it has seen: its `If-Match`. */
  if_match: number | null
}

type Described<P, Q, B, A extends Shape, C> = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Below /api, or where `root` is set below nothing; in Hono's notation. */
  path: string
  root?: boolean
  /** `any`: every key of the restaurant. */
  scope: Scope | 'any'
  tag: string
  summary: string
  description?: string
  params?: P
  query?: Q
  body?: B
  answer: A
  /** The media type of an answer that is a file; then `answer` is null. */
  media?: string
  status?: 200 | 201
  /** Whether it makes something, and so documents Idempotency-Key. */
  creates?: boolean
  /** Whether a platform operator may do it too, naming the restaurant in the path. */
  operator?: boolean
  run: (ctx: C, input: Input<P, Q, B>) => Promise<Result<z.input<A>>>
}

/** One line of a feature's HTTP table, its input types forgotten: what the edge needs to serve and describe it. */
export type Endpoint = Omit<Described<Shape, Shape, Shape, Shape, never>, 'run'> & {
  tenant: boolean
  access: Access
  serve: (ctx: Ctx, asker: Asker, raw: RawInput) => Promise<Result<unknown>>
}
/** What the edge found out about who asks. */
export type Asker = Omit<PublicCtx, keyof Ctx>
export type RawInput = { params: unknown; query: unknown; body: unknown; once: Once; if_match: number | null }

export function endpoint<P extends Shape, Q extends Shape, B extends Shape, A extends Shape>(
  described: Described<P, Q, B, A, TenantCtx>,
): Endpoint {
  const { run, ...rest } = described
  return {
    ...rest,
    tenant: true,
    access: 'key',
    async serve(ctx, { restaurant }, raw) {
      if (!restaurant) throw new Problem('restaurant_required')
      return run({ ...ctx, restaurant }, parseInput(described, raw))
    },
  }
}

type AtTable<P extends Shape, Q extends Shape, B extends Shape, A extends Shape, C> = Omit<
  Described<P, Q, B, A, C>,
  'root' | 'operator' | 'scope'
>

/** For a phone at a table, with its member's token. */
export function memberEndpoint<P extends Shape, Q extends Shape, B extends Shape, A extends Shape>(
  described: AtTable<P, Q, B, A, MemberCtx>,
): Endpoint {
  const { run, ...rest } = described
  return {
    ...rest,
    root: true,
    tenant: true,
    scope: 'any',
    access: 'member',
    async serve(ctx, { restaurant, caller, address }, raw) {
      if (!restaurant || caller.kind !== 'member') throw new Problem('unauthorized')
      return run({ ...ctx, restaurant, member: caller.claims, address }, parseInput(described, raw))
    },
  }
}

/** For who signed in, about themselves. */
export function staffEndpoint<P extends Shape, Q extends Shape, B extends Shape, A extends Shape>(
  described: AtTable<P, Q, B, A, StaffCtx>,
): Endpoint {
  const { run, ...rest } = described
  return {
    ...rest,
    root: true,
    tenant: true,
    scope: 'any',
    access: 'staff',
    async serve(ctx, { restaurant, caller, address, headers }, raw) {
      if (!restaurant || caller.kind !== 'key' || !caller.staff) throw new Problem('unauthorized')
      return run({ ...ctx, restaurant, staff: caller.staff, address, headers }, parseInput(described, raw))
    },
  }
}

/** For a phone at a table, and for who speaks for the house and has the scope. */
export function tableEndpoint<P extends Shape, Q extends Shape, B extends Shape, A extends Shape>(
  described: AtTable<P, Q, B, A, TableCtx> & { scope: Scope },
): Endpoint {
  const { run, ...rest } = described
  return {
    ...rest,
    root: true,
    tenant: true,
    access: 'member_or_key',
    async serve(ctx, { restaurant, caller }, raw) {
      if (!restaurant) throw new Problem('unauthorized')
      const member = caller.kind === 'member' ? caller.claims : null
      return run({ ...ctx, restaurant, member }, parseInput(described, raw))
    },
  }
}

/** For an agent within one call, with that call's token, and for who speaks for the house and has the scope. */
export function callEndpoint<P extends Shape, Q extends Shape, B extends Shape, A extends Shape>(
  described: AtTable<P, Q, B, A, AgentCtx> & { scope: Scope },
): Endpoint {
  const { run, ...rest } = described
  return {
    ...rest,
    tenant: true,
    access: 'call_or_key',
    async serve(ctx, { restaurant, caller }, raw) {
      if (!restaurant) throw new Problem('restaurant_required')
      const claims = caller.kind === 'call' ? caller.claims : null
      return run({ ...ctx, restaurant, claims }, parseInput(described, raw))
    },
  }
}

/** For anybody; the verb looks at who it is, and limits how often. */
export function publicEndpoint<P extends Shape, Q extends Shape, B extends Shape, A extends Shape>(
  described: AtTable<P, Q, B, A, PublicCtx>,
): Endpoint {
  const { run, ...rest } = described
  return {
    ...rest,
    root: true,
    tenant: false,
    scope: 'any',
    access: 'public',
    serve: (ctx, asker, raw) => run({ ...ctx, ...asker }, parseInput(described, raw)),
  }
}

export function platformEndpoint<P extends Shape, Q extends Shape, B extends Shape, A extends Shape>(
  described: Described<P, Q, B, A, Ctx>,
): Endpoint {
  const { run, ...rest } = described
  return { ...rest, tenant: false, access: 'key', serve: (ctx, _asker, raw) => run(ctx, parseInput(described, raw)) }
}

function parseInput<P extends Shape, Q extends Shape, B extends Shape>(
  shapes: { params?: P; query?: Q; body?: B },
  raw: RawInput,
): Input<P, Q, B> {
  const issues: { path: string; message: string }[] = []
  const input = {
    params: parsePart(shapes.params, raw.params, 'path', issues),
    query: parsePart(shapes.query ?? emptyQuery, raw.query, 'query', issues),
    body: parsePart(shapes.body, raw.body, '', issues),
    once: raw.once,
    if_match: raw.if_match,
  }
  if (issues.length > 0) {
    const first = issues[0]
    const detail = first ? `${first.path || 'body'}: ${first.message}` : 'The request is not right.'
    throw new Problem('validation_failed', { detail, errors: issues })
  }
  return asInput<P, Q, B>(input)
}

/** Each part was parsed, a line above, by the shape that its type comes from. */
function asInput<P extends Shape, Q extends Shape, B extends Shape>(parsed: unknown): Input<P, Q, B> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return parsed as Input<P, Q, B>
}

const emptyQuery = z.strictObject({})

function parsePart(
  shape: Shape | undefined,
  value: unknown,
  prefix: string,
  issues: { path: string; message: string }[],
): unknown {
  if (!shape) return undefined
  const parsed = mistakesOf(shape, value)
  if ('data' in parsed) return parsed.data
  for (const { path, message } of parsed.mistakes)
    issues.push({ path: [prefix, ...path.map(String)].filter(Boolean).join('.'), message })
  return undefined
}
