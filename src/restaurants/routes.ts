import { platformEndpoint, type Endpoint } from '../platform/endpoint.ts'
import { CreatedRestaurant, openRestaurant } from './create.ts'
import { NewRestaurant } from './schema.ts'

export const restaurantEndpoints: Endpoint[] = [
  platformEndpoint({
    method: 'post',
    path: '/restaurants',
    scope: 'platform',
    tag: 'Restaurants',
    summary: 'Opens a restaurant: its room, its hours and its first key',
    body: NewRestaurant,
    answer: CreatedRestaurant,
    status: 201,
    creates: true,
    run: async (ctx, { body, once }) => ({ data: await openRestaurant(ctx, body, once) }),
  }),
]
