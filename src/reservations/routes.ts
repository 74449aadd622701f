import * as z from 'zod'
import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import { dayAvailability } from './availability.ts'
import { bookTable } from './book.ts'
import { changeReservation } from './change.ts'
import { confirmHold, holdTable } from './hold.ts'
import { getReservation, listReservations } from './list.ts'
import {
  AvailabilityQuery,
  DayAvailability,
  Hold,
  HoldConfirmation,
  LateInput,
  NewHold,
  NewReservation,
  Reservation,
  ReservationEdit,
  ReservationFilter,
  ReservationRef,
  StepInput,
} from './schema.ts'
import { extendHold, stepReservation } from './step.ts'

const RefPath = z.strictObject({ ref: ReservationRef })
const IdPath = z.strictObject({ id: Id })
const tag = 'Reservations'
const EmptyBody = z.strictObject({}).default({})

const lifeSteps = [
  ['confirm', 'Approves a pending reservation'],
  ['seat', 'The party sits'],
  ['complete', 'The party has left; the table is free at once'],
  ['no-show', 'The party never came; the table is free at once'],
] as const

export const reservationEndpoints: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/availability',
    scope: 'reservations:read',
    tag: 'Availability',
    summary: 'The slots of a day for a party',
    query: AvailabilityQuery,
    answer: DayAvailability,
    run: (ctx, { query }) => dayAvailability(ctx, query),
  }),
  endpoint({
    method: 'post',
    path: '/reservations',
    scope: 'reservations:write',
    tag,
    summary: 'Books a table',
    body: NewReservation,
    answer: Reservation,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => bookTable(ctx, body, once),
  }),
  endpoint({
    method: 'get',
    path: '/reservations',
    scope: 'reservations:read',
    tag,
    summary: 'Lists reservations by arrival',
    query: ReservationFilter,
    answer: z.array(Reservation),
    run: (ctx, { query }) => listReservations(ctx, query),
  }),
  endpoint({
    method: 'post',
    path: '/reservations/holds',
    scope: 'reservations:write',
    tag: 'Holds',
    summary: 'Holds a table for some minutes',
    body: NewHold,
    answer: Hold,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => holdTable(ctx, body, once),
  }),
  endpoint({
    method: 'post',
    path: '/reservations/holds/:id/confirm',
    scope: 'reservations:write',
    tag: 'Holds',
    summary: 'Makes a hold a reservation',
    params: IdPath,
    body: HoldConfirmation,
    answer: Reservation,
    status: 201,
    creates: true,
    run: (ctx, { params, body, once }) => confirmHold(ctx, params.id, body, once),
  }),
  endpoint({
    method: 'post',
    path: '/reservations/holds/:id/extend',
    scope: 'reservations:write',
    tag: 'Holds',
    summary: 'Keeps a hold for its minutes again',
    params: IdPath,
    body: EmptyBody,
    answer: Hold,
    run: (ctx, { params, once }) => extendHold(ctx, params.id, once),
  }),
  endpoint({
    method: 'delete',
    path: '/reservations/holds/:id',
    scope: 'reservations:write',
    tag: 'Holds',
    summary: 'Gives a held table back',
    params: IdPath,
    answer: Reservation,
    run: (ctx, { params, once }) => stepReservation(ctx, 'release', params.id, {}, once),
  }),
  endpoint({
    method: 'get',
    path: '/reservations/:ref',
    scope: 'reservations:read',
    tag,
    summary: 'One reservation',
    params: RefPath,
    answer: Reservation,
    run: (ctx, { params }) => getReservation(ctx, params.ref),
  }),
  endpoint({
    method: 'put',
    path: '/reservations/:ref',
    scope: 'reservations:write',
    tag,
    summary: 'Moves or edits a reservation, all or nothing',
    params: RefPath,
    body: ReservationEdit,
    answer: Reservation,
    run: (ctx, { params, body, if_match, once }) => changeReservation(ctx, params.ref, body, if_match, once),
  }),
  endpoint({
    method: 'delete',
    path: '/reservations/:ref',
    scope: 'reservations:write',
    tag,
    summary: 'Cancels a reservation; the table is free at once',
    params: RefPath,
    answer: Reservation,
    run: (ctx, { params, if_match, once }) => stepReservation(ctx, 'cancel', params.ref, { version: if_match }, once),
  }),
  ...lifeSteps.map(([step, summary]) =>
    endpoint({
      method: 'post',
      path: `/reservations/:ref/${step}`,
      scope: 'reservations:write',
      tag,
      summary,
      params: RefPath,
      body: StepInput.default({}),
      answer: Reservation,
      run: (ctx, { params, body, if_match, once }) =>
        stepReservation(ctx, step, params.ref, { ...body, version: body.version ?? if_match }, once),
    }),
  ),
  endpoint({
    method: 'post',
    path: '/reservations/:ref/late',
    scope: 'reservations:write',
    tag,
    summary: 'The party told it will be late',
    params: RefPath,
    body: LateInput.prefault({}),
    answer: Reservation,
    run: (ctx, { params, body, if_match, once }) =>
      stepReservation(ctx, 'late', params.ref, { ...body, version: body.version ?? if_match }, once),
  }),
]
