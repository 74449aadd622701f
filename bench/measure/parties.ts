import { addDays } from '../../src/platform/time.ts'

/** A party that asks for a table, as the API takes it. */
export type Party = {
  name: string
  phone_number: string
  reservation_date: string
  reservation_time: string
  party_size: number
}

/** Far enough ahead that no clock rule refuses it. */
export const firstDay = (): string => addDays(new Date().toISOString().slice(0, 10), 3)

const hotDay = 150
/**
 * The n-th of an endless queue: 150 parties of 1 to 8 want the same evening, of whom about half get a table; then the
 * next 150 want the evening after. The same n asks for the same.
 */
export function hotParty(n: number, first: string): Party {
  const random = randomOf(n)
  const minute = 18 * 60 + 15 * Math.floor(random() * 15)
  return party(n, addDays(first, Math.floor(n / hotDay)), minute, 1 + Math.floor(random() * 8))
}

const month = 30
/** As hotParty, but each wants some evening of a month. */
export function anyDay(n: number, first: string): Party {
  return { ...hotParty(n, first), reservation_date: addDays(first, Math.floor(randomOf(n + 0.5)() * month)) }
}

const turns = 8
/** As hotParty, but everybody gets a table: 240 a day, each fitting one that is free, all over the day. */
export function seatedParty(n: number, first: string): Party {
  const seats = [...Array(30).keys()].map((table) => (table < 10 ? 2 : table < 22 ? 4 : table < 27 ? 6 : 8))
  const day = turns * seats.length
  // 77 shares no factor with 240: every place of the day once, far from the one before.
  const place = ((n % day) * 77) % day
  const minute = 11 * 60 + 90 * Math.floor(place / seats.length)
  return party(n, addDays(first, Math.floor(n / day)), minute, seats[place % seats.length] ?? 2)
}

const days_apart = 60
/** As seatedParty, but one after another they ask for 60 different days: nobody waits for anybody's lock. */
export function scatteredParty(n: number, first: string): Party {
  const places = turns * 30
  const block = Math.floor(n / (days_apart * places))
  const within = n % (days_apart * places)
  return seatedParty((block * days_apart + (within % days_apart)) * places + Math.floor(within / days_apart), first)
}

function party(n: number, date: string, minute: number, party_size: number): Party {
  const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  return {
    name: `Party of ${party_size}`,
    // One in two has been here before.
    phone_number: `+658${String(n % 2 ? n % 9_999_999 : (n * 7919) % 5_000).padStart(7, '0')}`,
    reservation_date: date,
    reservation_time: time,
    party_size,
  }
}

/** mulberry32: small, and the same everywhere. */
export function randomOf(seed: number): () => number {
  let state = (seed + 1) * 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
