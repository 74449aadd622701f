import { DatabaseError } from 'pg'
import type { Fault } from './faults.ts'

export type Answer = { status: number; body: unknown }

/** What a fault answers instead of the database. */
export function injected(fault: Fault | undefined): Answer | undefined {
  if (fault?.mode === 'error_500') return { status: 500, body: { message: 'injected: internal error' } }
  if (fault?.mode !== 'error_code') return undefined
  return { status: 400, body: errorBody(`injected: ${fault.code}`, { severity: 'ERROR', code: fault.code }) }
}

export function refuse(message: string): Answer {
  return { status: 400, body: errorBody(message) }
}

/** Neon answers 400 where the caller is wrong (password, database) and 500 where the database cannot be reached. */
export function couldNotConnect(error: unknown): Answer {
  const database_error = error instanceof DatabaseError ? error : undefined
  const callers_fault = /^(28|3D)/.test(database_error?.code ?? '')
  const message = database_error?.message ?? 'could not connect to the database'
  return { status: callers_fault ? 400 : 500, body: errorBody(message, database_error) }
}

/** What the server says; a connection lost without a word has an empty code, and its outcome is unknown. */
export function queryFailed(error: unknown): Answer {
  if (error instanceof DatabaseError) return { status: 400, body: errorBody(error.message, error) }
  return { status: 400, body: errorBody('connection closed') }
}

/** The fields of a NeonDbError; Neon writes an empty severity and code where the server said nothing. */
function errorBody(message: string, error: Partial<DatabaseError> = {}): Record<string, unknown> {
  const { severity = '', code = '', detail = null, hint = null, position = null } = error
  const { internalPosition = null, internalQuery = null, where = null, schema = null, table = null } = error
  const { column = null, dataType = null, constraint = null, file = null, line = null, routine = null } = error
  const place = { position, internalPosition, internalQuery, where, file, line, routine }
  return { message, severity, code, detail, hint, ...place, schema, table, column, dataType, constraint }
}
