import { openHouse, type Where } from '../../test/factories.ts'
import { hoursOf } from './hours.ts'
import { createOracle, isOpen, openMinutesOf, type Oracle } from './oracle.ts'
import type { Ask, Tenant } from './requests.ts'
import { roomOf } from './room.ts'
import { dateNumber, dayBegins, dayMinutes, timezone, workingDay } from './wall.ts'
import { buffer_minutes } from './words.ts'

type OpenedHouse = Awaited<ReturnType<typeof openHouse>>

/** A restaurant of the file as a tenant of the product, and what is needed to judge it. */
export type ReplayHouse = {
  name: string
  id: string
  call: OpenedHouse['call']
  asks: Ask[]
  oracle: Oracle
  tables: number
  combinations: number
  seats: number
  /** Seats times the minutes open on the working days on which somebody wanted to come. */
  seat_minutes_open: number
}

/** Opens a restaurant over HTTP with the hours and the room that its own reservations call for. */
export async function openTenant(where: Where, tenant: Tenant): Promise<ReplayHouse> {
  const { asks } = tenant
  const hours = hoursOf(asks)
  const room = roomOf(asks)
  const lead_days = asks.map((ask) => dateNumber(ask.visit) - dateNumber(ask.now))
  const horizon_days = Math.min(1_095, Math.max(365, ...lead_days))
  const opened = await openHouse(where, {
    name: `Restaurant ${tenant.name}`,
    timezone,
    country: 'JP',
    currency: 'JPY',
    hours,
    settings: { buffer_minutes, horizon_days },
    tables: room.tables,
  })
  const idOf = new Map(opened.tables.map((table) => [table.number, table.id]))
  const combinations = room.combinations.map(({ numbers, min_party, max_party }) => ({
    table_ids: numbers.flatMap((number) => idOf.get(number) ?? []),
    min_party,
    max_party,
  }))
  for (const combination of combinations) {
    const { status, body } = await opened.call('POST', '/combinations', combination)
    if (status !== 201) throw new Error(`tables could not be joined: ${JSON.stringify(body)}`)
  }
  const seats = room.tables.reduce((sum, table) => sum + table.seats, 0)
  return {
    name: tenant.name,
    id: opened.id,
    call: opened.call,
    asks,
    oracle: createOracle({
      tables: opened.tables.map((table) => ({ id: table.id, seats: table.seats, min_party: 1 })),
      combinations,
      hours,
      buffer_minutes,
      horizon_days,
    }),
    tables: room.tables.length,
    combinations: combinations.length,
    seats,
    seat_minutes_open: seats * openMinutesOn(openMinutesOf(hours), new Set(asks.map((ask) => workingDay(ask.visit)))),
  }
}

function openMinutesOn(open: Uint8Array, working_days: Set<number>): number {
  let minutes = 0
  for (const day of working_days) {
    const from = day * dayMinutes + dayBegins
    for (let i = 0; i < dayMinutes; i++) if (isOpen(open, from + i, 1)) minutes += 1
  }
  return minutes
}
