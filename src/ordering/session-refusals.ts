import { Problem, type ProblemCode } from '../platform/problem.ts'

/** What Postgres refused of a session, as the problem that says so. */
const codes = {
  not_found: 'not_found',
  forbidden: 'forbidden',
  removed: 'member_removed',
  session_full: 'session_full',
  session_closed: 'session_closed',
  table_disabled: 'table_disabled',
  restaurant_closed: 'restaurant_closed',
  ordering_disabled: 'ordering_disabled',
  key_reused: 'idempotency_key_reused',
  another_open: 'session_open',
  stale: 'stale_version',
} as const satisfies Record<string, ProblemCode>

/** `current` is what is there instead, for the client to look at. */
export function refusalOfSession(answer: { outcome: keyof typeof codes }, current?: unknown): Problem {
  return new Problem(codes[answer.outcome], current === undefined ? {} : { more: { current } })
}
