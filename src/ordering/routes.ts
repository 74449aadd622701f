import * as z from 'zod'
import { PageQuery } from '../platform/cursor.ts'
import { endpoint, type Endpoint, publicEndpoint, tableEndpoint } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import { Table } from '../restaurants/schema.ts'
import { joinSession, joinTable } from './join.ts'
import { editMember, removeMember } from './members.ts'
import { Cart } from './schema.ts'
import {
  ActiveSession,
  Joined,
  MemberEdit,
  NewMember,
  OrderingSwitch,
  Session,
  SessionDetails,
  SessionMember,
  SessionStep,
  TableArrival,
} from './session-schema.ts'
import {
  activeSessions,
  cartSnapshot,
  closeByStaff,
  restoreSession,
  sessionDetails,
  switchOrdering,
} from './sessions.ts'
import { switchTable } from './tables.ts'

const IdPath = z.strictObject({ id: Id })
const EmptyBody = z.strictObject({}).default({})
const tag = 'Sessions'
/** `sessionId` is what some clients call it. */
const WhichSession = z.strictObject({ session_id: Id.optional(), sessionId: Id.optional() })

export const sessionEndpoints: Endpoint[] = [
  publicEndpoint({
    method: 'post',
    path: '/table_session',
    tag,
    summary: 'Joins the session at a table, or opens one',
    body: TableArrival,
    answer: Joined,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => joinTable(ctx, body, once),
  }),
  tableEndpoint({
    method: 'get',
    path: '/table_session_details',
    scope: 'orders:read',
    tag,
    summary: 'A session with its members and cart',
    query: WhichSession,
    answer: SessionDetails,
    run: (ctx, { query }) => sessionDetails(ctx, query.session_id ?? query.sessionId),
  }),
  publicEndpoint({
    method: 'post',
    path: '/member',
    tag,
    summary: 'Joins a session that one knows of',
    description: 'With the table’s qr_token, a token of that session, or a key of the house.',
    body: NewMember,
    answer: Joined,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => joinSession(ctx, body, once),
  }),
  tableEndpoint({
    method: 'put',
    path: '/member/:id',
    scope: 'orders:write',
    tag,
    summary: 'Changes a member’s nickname and allergies',
    params: IdPath,
    body: MemberEdit,
    answer: SessionMember,
    run: (ctx, { params, body, if_match, once }) => editMember(ctx, params.id, body, if_match, once),
  }),
  tableEndpoint({
    method: 'delete',
    path: '/member/:id',
    scope: 'orders:write',
    tag,
    summary: 'Leaves the session, or is sent away by the host or staff',
    params: IdPath,
    answer: SessionMember,
    run: (ctx, { params, once }) => removeMember(ctx, params.id, once),
  }),
  tableEndpoint({
    method: 'get',
    path: '/cart_snapshot',
    scope: 'orders:read',
    tag,
    summary: 'The whole cart with its members, version and hash',
    query: WhichSession,
    answer: Cart,
    run: (ctx, { query }) => cartSnapshot(ctx, query.session_id ?? query.sessionId),
  }),
  ...(['close', 'restore'] as const).map((step) =>
    endpoint({
      method: 'patch',
      path: `/session/:id/${step}`,
      root: true,
      scope: 'orders:write',
      tag,
      summary: step === 'close' ? 'Closes a session; its table is free' : 'Takes a closing back',
      params: IdPath,
      body: SessionStep.default({}),
      answer: Session,
      run: (ctx, { params, body, if_match, once }) =>
        (step === 'close' ? closeByStaff : restoreSession)(ctx, params.id, body, if_match, once),
    }),
  ),
  endpoint({
    method: 'post',
    path: '/admin/session/:id/force_close',
    root: true,
    scope: 'floor:write',
    tag,
    summary: 'Closes a session whatever goes on in it',
    params: IdPath,
    body: SessionStep.default({}),
    answer: Session,
    run: (ctx, { params, body, once }) => {
      const { why = 'force_closed' } = body
      return closeByStaff(ctx, params.id, { why }, null, once)
    },
  }),
  endpoint({
    method: 'get',
    path: '/admin/sessions/active',
    root: true,
    scope: 'floor:read',
    tag,
    summary: 'Open sessions, with how long they have been open and idle',
    query: PageQuery,
    answer: z.array(ActiveSession),
    run: (ctx, { query }) => activeSessions(ctx, query),
  }),
  ...(['disable', 'enable'] as const).flatMap((step) => [
    endpoint({
      method: 'post',
      path: `/admin/table/:id/${step}`,
      root: true,
      scope: 'floor:write',
      tag: 'Tables',
      summary: step === 'disable' ? 'Takes a table out of use' : 'Puts a table back into use',
      params: IdPath,
      body: EmptyBody,
      answer: Table,
      run: (ctx, { params, if_match, once }) => switchTable(ctx, params.id, step === 'enable', if_match, once),
    }),
    endpoint({
      method: 'post',
      path: `/admin/system/${step}_ordering`,
      root: true,
      scope: 'orders:write',
      tag,
      summary: step === 'disable' ? 'Stops all ordering in the house' : 'Lets the house order again',
      body: EmptyBody,
      answer: OrderingSwitch,
      run: (ctx, { once }) => switchOrdering(ctx, step === 'enable', once),
    }),
  ]),
]
