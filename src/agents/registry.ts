import * as z from 'zod'
import { checkAvailability, explainUnavailable, holdTable } from './availability-operations.ts'
import { escalate } from './escalate.ts'
import { restaurantInfo } from './house-operations.ts'
import { makeReservation } from './make-reservation.ts'
import { menuInfo } from './menu-operation.ts'
import type { Operation } from './operation.ts'
import { joinWaitlist } from './waitlist-operation.ts'
import { cancelReservation, changeReservation, findReservation, markLate } from './own-operations.ts'

/** R229. All that an agent can do, each defined once; every door derives what it offers from here. */
export const operations: readonly Operation[] = [
  checkAvailability,
  explainUnavailable,
  holdTable,
  makeReservation,
  findReservation,
  changeReservation,
  cancelReservation,
  markLate,
  joinWaitlist,
  restaurantInfo,
  menuInfo,
  escalate,
]

const byName = new Map(operations.map((one) => [one.name as string, one]))

export function operationNamed(name: string): Operation | undefined {
  return byName.get(name)
}

type JsonSchema = { [key: string]: unknown }

/** The input as JSON Schema 2020-12, as MCP and most vendors take it. */
export function inputSchema(one: Operation): JsonSchema {
  return z.toJSONSchema(one.input, { io: 'input' })
}

export function outputSchema(one: Operation): JsonSchema {
  return z.toJSONSchema(one.output, { io: 'output' })
}

/** For strict tool calling: every key is required, what may be left out may be null, and nothing but shape is said. */
export function strictInputSchema(one: Operation): JsonSchema {
  return strict(inputSchema(one))
}

/** The same of any shape whose keys are all required. */
export function strictSchema(shape: z.ZodType): JsonSchema {
  return strict(z.toJSONSchema(shape, { io: 'input' }))
}

const kept = new Set(['type', 'description', 'enum', 'const', 'anyOf', 'items', 'properties', 'additionalProperties'])

function strict(schema: unknown): JsonSchema {
  if (!isRecord(schema)) return {}
  const out: JsonSchema = {}
  for (const [key, value] of Object.entries(schema)) {
    if (!kept.has(key)) continue
    if (key === 'properties' && isRecord(value)) {
      out['properties'] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, strict(inner)]))
      out['required'] = Object.keys(value)
    } else if (key === 'items') out['items'] = strict(value)
    else if (key === 'anyOf' && Array.isArray(value)) out['anyOf'] = value.map(strict)
    else out[key] = value
  }
  return out
}

const isRecord = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
