import * as z from 'zod'
import { type Endpoint, publicEndpoint } from '../../platform/endpoint.ts'
import { cancelManaged, changeManaged, managedCalendar, viewManaged } from './manage.ts'
import { GuestEdit, ManagedReservation, ManageToken } from './schema.ts'

const TokenPath = z.strictObject({ token: ManageToken })
const tag = 'A guest’s own reservation'

export const manageEndpoints: Endpoint[] = [
  publicEndpoint({
    method: 'get',
    path: '/r/:token',
    tag,
    summary: 'The reservation of this link',
    params: TokenPath,
    answer: ManagedReservation,
    run: (ctx, { params }) => viewManaged(ctx, params.token),
  }),
  publicEndpoint({
    method: 'put',
    path: '/r/:token',
    tag,
    summary: 'Moves it, or changes the party',
    params: TokenPath,
    body: GuestEdit,
    answer: ManagedReservation,
    run: (ctx, { params, body, if_match, once }) => changeManaged(ctx, params.token, body, if_match, once),
  }),
  publicEndpoint({
    method: 'delete',
    path: '/r/:token',
    tag,
    summary: 'Cancels it; the table is free at once',
    params: TokenPath,
    answer: ManagedReservation,
    run: (ctx, { params, if_match, once }) => cancelManaged(ctx, params.token, if_match, once),
  }),
  publicEndpoint({
    method: 'get',
    path: '/r/:token/calendar.ics',
    tag,
    summary: 'Its calendar file',
    params: TokenPath,
    answer: z.null(),
    media: 'text/calendar',
    run: (ctx, { params }) => managedCalendar(ctx, params.token),
  }),
]
