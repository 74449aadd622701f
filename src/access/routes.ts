import type { Endpoint } from '../platform/endpoint.ts'

export const keyEndpoints: Endpoint[] = []
