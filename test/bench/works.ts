import { neon } from '@neondatabase/serverless'
import { drizzle } from 'drizzle-orm/neon-http'
import pg from 'pg'
import { nowhere } from '../../bench/measure/nowhere.ts'
import { closeSilentCalls } from '../../src/agents/sweep.ts'
import { moveParty } from '../../src/floor/move.ts'
import { Move, WalkIn } from '../../src/floor/schema.ts'
import { extendStays } from '../../src/floor/stays.ts'
import { seatWalkIn } from '../../src/floor/walk-in.ts'
import { closeIdleSessions } from '../../src/ordering/idle.ts'
import { sweepUnmarked } from '../../src/ordering/order.ts'
import type { Once } from '../../src/platform/ctx.ts'
import type { TenantCtx } from '../../src/platform/endpoint.ts'
import { bookTable } from '../../src/reservations/book.ts'
import { changeReservation } from '../../src/reservations/change.ts'
import { NewReservation, ReservationEdit } from '../../src/reservations/schema.ts'
import { stepReservation } from '../../src/reservations/step.ts'
import { releaseAndMark } from '../../src/reservations/sweep.ts'
import { sweepWaitlists } from '../../src/reservations/waitlist/advance.ts'
import type { Restaurant } from '../../src/restaurants/schema.ts'

/** A verb as the Worker does it, on one connection; and what has to have been before it. */
export type Work = {
  name: string
  before?: (evening: Evening) => Promise<unknown>
  work(evening: Evening): Promise<unknown>
}

/** At six in the evening of a house, whose clock stands there, with a party that was to come at half past five. */
export type Evening = { ctx: TenantCtx; client: pg.Client; id: string; date: string }

/** Opens the evening of that date. Everything is done within the caller's transaction. */
export async function openEvening(client: pg.Client, restaurant: Restaurant, date: string): Promise<Evening> {
  const ctx = ctxOn(client, restaurant, Date.parse(`${date}T17:00:00+08:00`))
  const booked = await bookTable(
    ctx,
    NewReservation.parse({ name: 'Ana', date: `${date}T17:30:00`, guests: 2 }),
    once(),
  )
  return { ctx: { ...ctx, now: Date.parse(`${date}T18:00:00+08:00`) }, client, id: booked.data.id, date }
}

const step =
  (name: 'seat' | 'no-show' | 'cancel') =>
  ({ ctx, id }: Evening) =>
    stepReservation(ctx, name, id, {}, once())
const job = (name: string, run: (ctx: TenantCtx) => Promise<unknown>): Work => ({ name, work: ({ ctx }) => run(ctx) })

export const works: Work[] = [
  {
    name: 'a change of time',
    work: ({ ctx, id, date }) =>
      changeReservation(ctx, id, ReservationEdit.parse({ date: `${date}T20:00:00` }), null, once()),
  },
  { name: 'a move to another table', work: ({ ctx, id }) => moveParty(ctx, moveTo(ctx, id), null, once()) },
  {
    name: 'a move to another time',
    work: ({ ctx, id, date }) => {
      const move = Move.parse({ reservation: id, starts: `${date}T20:00:00+08:00` })
      return moveParty(ctx, move, null, once())
    },
  },
  { name: 'a party that is seated', work: step('seat') },
  { name: 'a party that is seated after no-show', before: step('no-show'), work: step('seat') },
  { name: 'a cancellation', work: step('cancel') },
  { name: 'a walk-in', work: ({ ctx }) => seatWalkIn(ctx, WalkIn.parse({ party_size: 2 }), once()) },
  { name: 'a session that is opened', work: openSession },
  job('the lapsed and the late', releaseAndMark),
  { name: 'who stays', before: step('seat'), work: ({ ctx }) => extendStays({ ...ctx, now: ctx.now + 7_200_000 }) },
  job('the waitlists', sweepWaitlists),
  job('idle sessions', closeIdleSessions),
  job('silent calls', closeSilentCalls),
  job('unmarked orders', sweepUnmarked),
]

function moveTo(ctx: TenantCtx, id: string): Move {
  const table_ids = ctx.restaurant.tables.slice(-1).map((table) => table.id)
  return Move.parse({ reservation: id, table_ids, allow_overfill: true })
}

/** A phone at a table that nobody has; what comes of it before and after is not Postgres's. */
function openSession({ ctx, client, date }: Evening): Promise<unknown> {
  const plan = {
    restaurant_id: ctx.restaurant.id,
    ...once(),
    now: new Date(ctx.now).toISOString(),
    actor: ctx.actor,
    request_id: ctx.request_id,
    table_id: ctx.restaurant.tables.at(-1)?.id,
    holds_until: `${date}T19:30:00+08:00`,
  }
  return client.query('select open_session(jsonb_populate_record(null::session_plan, $1))', [plan])
}

function once(): Once {
  return { key: crypto.randomUUID(), fingerprint: '' }
}

const { DATE, TIMESTAMP, TIMESTAMPTZ } = pg.types.builtins
const moments = [DATE, TIMESTAMP, TIMESTAMPTZ]

/** Speaks with that connection and no other. */
function ctxOn(client: pg.Client, restaurant: Restaurant, now: number): TenantCtx {
  // Dates and instants stay text, as drizzle has them from Neon.
  const types = new pg.TypeOverrides()
  for (const moment of moments) types.setTypeParser(moment, String)
  const on = Object.assign(neon('postgres://nobody:nothing@nowhere.invalid/none'), {
    query: (text: string, values: unknown[]) => client.query({ text, values, types }),
  })
  return {
    ...nowhere,
    db: drizzle({ client: on }),
    now,
    request_id: crypto.randomUUID(),
    actor: { kind: 'key', id: restaurant.id, name: 'Bench', scopes: [] },
    after: () => {},
    restaurant,
  }
}
