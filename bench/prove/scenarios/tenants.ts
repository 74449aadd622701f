import type { Deed, Wish } from '../deed.ts'
import type { House } from '../house.ts'
import { times } from '../random.ts'
import { dayAhead, later, seatsOf, type Scenario, type Stage } from '../stage.ts'

export const tenants: Scenario = {
  name: 'tenants',
  shows: 'two restaurants with the same tables, guests, phones and keys at once: neither ever sees the other',
  rounds: [6, 2],
  async run(stage) {
    const { random, guest, crowd, violate } = stage
    for (let round = 0; round < stage.rounds; round++) {
      const plan = { tables: times(6, (n) => ({ seats: n % 2 ? 2 : 4 })) }
      const [one, other] = [await stage.open(plan), await stage.open(plan)]
      const date = dayAhead(random.int(2, 60))
      const wishes = times(40, (n): [Wish, string] => [
        { date, time: later('18:00', 30 * random.int(0, 6)), party: random.int(1, 4) },
        `97${String(round * 100 + n).padStart(6, '0')}`,
      ])
      const booked = await crowd(
        wishes.flatMap(([wish, phone], n) =>
          [one, other].map((house) => () => guest.book(house, wish, { key: `same-${round}-${n}`, phone, shape: 0 })),
        ),
      )
      const seats = (house: House): Deed[] => booked.filter((deed) => deed.house === house && deed.status === 201)
      await crowd([
        ...seatsOf(seats(one)).map(
          (seat, n) => () =>
            guest.move(one, seat, { date, time: later('12:00', 15 * n), party: 2 }, { key: `same-move-${n}` }),
        ),
        ...seatsOf(seats(other)).map((seat, n) => () => guest.cancel(other, seat, { key: `same-move-${n}` })),
      ])
      await trespass(stage, one, other, seats(other))
      await trespass(stage, other, one, seats(one))
      await crowd([one, other].map((house) => () => guest.read(house, `/api/reservations?date=${date}&limit=200`)))
    }
    const strange = stage.deeds.filter((deed) => namesAnother(deed, stage.houses, stage.deeds))
    if (strange.length > 0)
      violate('O7 tenant', `${strange.length} answers name another tenant's rows`, strange.map(shown))
  },
}

const shown = ({ house, path, key, text }: Deed): unknown => ({
  house: house.name,
  path,
  key,
  text: text.slice(0, 300),
})

/** With every name that the other's rows have: for this house there is no such thing. */
async function trespass({ guest, crowd, violate }: Stage, by: House, at: House, theirs: Deed[]): Promise<void> {
  const attempts = theirs.slice(0, 4).flatMap((deed) => {
    const { seat } = deed
    const [, code = ''] = /"confirmation_code":"([A-Z0-9]{6})"/.exec(deed.text) ?? []
    if (!seat) return []
    const path = `/api/reservations/${seat.id}`
    return [
      () => guest.read(by, path),
      () => guest.read(by, `/api/reservations/${code}`),
      () => guest.read(by, path, 'PUT', { party_size: 1 }),
      () => guest.read(by, path, 'DELETE'),
      () => guest.read(by, `${path}/seat`, 'POST', {}),
      () => guest.read(by, `/api/reservations/holds/${seat.id}/confirm`, 'POST', { name: 'Stranger' }),
      () => guest.read(by, `/api/reservations/holds/${seat.id}/extend`, 'POST', {}),
    ]
  })
  const opened = (await crowd(attempts)).filter((deed) => deed.status !== 404)
  if (opened.length > 0) violate('O7 tenant', `${opened.length} of ${at.name}'s rows were found`, opened.map(shown))
}

const ids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** Whether an answer carries an id that belongs to another house: its own, a table's or a reservation's. */
function namesAnother(deed: Deed, houses: House[], deeds: Deed[]): boolean {
  const owners = ownersOf(houses, deeds)
  return [...deed.text.matchAll(ids)].some(([id]) => (owners.get(id) ?? deed.house.id) !== deed.house.id)
}

let kept: { count: number; owners: Map<string, string> } | undefined

function ownersOf(houses: House[], deeds: Deed[]): Map<string, string> {
  if (kept?.count === deeds.length) return kept.owners
  const owners = new Map<string, string>()
  for (const house of houses)
    for (const id of [house.id, ...house.tables.map((table) => table.id)]) owners.set(id, house.id)
  // Whose key made it: a booking's own house, which the database confirms.
  for (const deed of deeds) if (deed.verb === 'book' && deed.seat) owners.set(deed.seat.id, deed.house.id)
  kept = { count: deeds.length, owners }
  return owners
}
