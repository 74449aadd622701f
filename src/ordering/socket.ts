import { isRevoked, type MemberClaims, memberTokenIn, readMemberToken } from '../access/member-token.ts'
import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { Problem } from '../platform/problem.ts'
import { closedAtOnce, isUpgrade, withProtocol } from '../platform/upgrade.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import { askTable, attachToTable } from './at-table.ts'
import { selectSession } from './session-queries.ts'
import { type Connection, socketCodes, socketProtocol, SocketQuery } from './socket-schema.ts'

type Limit = (name: string, per_minute: number) => Promise<unknown>
const connectsPerMinute = 120

/**
 * R62. A phone's socket to its table. Whatever is wrong is said by the code it is closed with, since a browser is told
 * nothing of a refused upgrade: 4401 for a token that is not good, 4403 where the session is over or the member gone.
 */
export async function openSocket(ctx: Ctx, request: Request, limit: Limit): Promise<Response> {
  if (!isUpgrade(request)) throw new Problem('upgrade_required')
  const offered = request.headers.get('sec-websocket-protocol')
  const answer = (response: Response): Response => withProtocol(response, offered, socketProtocol)
  const query = SocketQuery.safeParse(Object.fromEntries(new URL(request.url).searchParams))
  if (!query.success) throw new Problem('validation_failed')

  const token = memberTokenIn(request.headers.get('authorization') ?? undefined, offered ?? undefined)
  const claims = token === null ? null : await readMemberToken(ctx.secrets.token_secret, token, ctx.now)
  if (!claims) return answer(closedAtOnce(socketCodes.bad_token, 'token'))
  if (await isRevoked(ctx.redis, claims.jti, ctx.request_id)) return answer(closedAtOnce(socketCodes.closed, 'revoked'))
  if (!(await isWithin(limit, `socket:${claims.member_id}`)))
    return answer(closedAtOnce(socketCodes.flooding, 'flooding'))

  const { last_seq = null, batch } = query.data
  const { session_id, member_id, expires_at } = claims
  const connection: Connection = { session_id, member_id, expires_at, batch: batch === '1', last_seq }
  const first = await connect(ctx, claims, connection)
  if (first.status !== 409) return answer(socketOf(first))
  // The object does not know of this member: it is told what Postgres knows, once.
  if (!(await attachAgain(ctx, claims))) return answer(closedAtOnce(socketCodes.closed, 'closed'))
  return answer(socketOf(await connect(ctx, claims, connection)))
}

async function isWithin(limit: Limit, name: string): Promise<boolean> {
  try {
    await limit(name, connectsPerMinute)
    return true
  } catch (error) {
    if (error instanceof Problem && error.code === 'rate_limited') return false
    throw error
  }
}

function connect(ctx: Ctx, claims: MemberClaims, connection: Connection): Promise<Response> {
  const headers = { upgrade: 'websocket', 'x-tableside-member': JSON.stringify(connection) }
  return askTable(ctx, claims, (table) => table.fetch(new Request('https://table/', { headers })))
}

async function attachAgain(ctx: Ctx, claims: MemberClaims): Promise<boolean> {
  const { restaurant_id, session_id, member_id } = claims
  const found = await withRetry(() => selectSession(ctx.db, restaurant_id, session_id), ctx.request_id)
  const member = found?.members.find((one) => one.id === member_id && one.removed_at === null)
  if (!found || !member || found.session.status !== 'active') return false
  await attachToTable(ctx, await loadRestaurant(ctx, restaurant_id), found.session, member)
  return true
}

function socketOf(response: Response): Response {
  return response.webSocket ? response : closedAtOnce(socketCodes.closed, 'closed')
}
