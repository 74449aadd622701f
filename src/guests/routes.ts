import type { Endpoint } from '../platform/endpoint.ts'

export const guestEndpoints: Endpoint[] = []
