import { endpoint, type Endpoint } from '../../platform/endpoint.ts'
import { Reservation } from '../schema.ts'
import { bookGroup } from './book.ts'
import { NewGroup } from './schema.ts'

/** Before the other reservations: what comes after /reservations/ would be a reference there. */
export const groupEndpoints: Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/reservations/groups',
    scope: 'reservations:write',
    tag: 'Series and groups',
    summary: 'Books several tables as one reservation, for a party larger than any of them',
    body: NewGroup,
    answer: Reservation,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => bookGroup(ctx, body, once),
  }),
]
