import { randomUUID } from 'node:crypto'
import { searchable } from '../../src/platform/text.ts'
import type { Restaurant } from '../../src/restaurants/schema.ts'
import type { Dice } from './dice.ts'

type Row = Record<string, unknown>

const firstNames =
  'Aisha Ana Arjun Beatriz Bruno Camila Chen Chloé Daniel Diego Elena Emre Farah Grace Hana Hiro Ivan Jia Jonas Kavya Kenji Lara Leila Liam Lucía Mei Mateo Mia Nadia Noah Nur Olivia Omar Paolo Priya Rafael Ravi Rosa Sara Sofia Søren Tariq Thảo Tomás Uma Wei Yara Yusuf Zoë Óscar'.split(
    ' ',
  )
const lastNames =
  "Abe Ahmed Almeida Bianchi Brown Castro Chan Costa Dubois Díaz Fischer García Goh Haddad Hansen Ibrahim Ito Jansen Kaur Khan Kim Kowalski Lee Lim Lopez Martin Mehta Moreau Müller Nakamura Ng Novak Núñez O'Brien Okafor Ong Park Patel Pereira Rahman Rossi Sato Schmidt Silva Singh Smith Tan Teo Torres Wang Wong Yilmaz Zhang Øverland".split(
    ' ',
  )
const notes = [
  'Likes the corner by the window',
  'Prefers sparkling water',
  'Always orders the tiramisù',
  'Hard of hearing: seat away from the bar',
  'Owns the bookshop next door',
]

/** Regulars first: who comes often stands at the beginning of the list. */
export function demoGuests(restaurant: Restaurant, roll: Dice, many: number): { row: Row }[] {
  const phoneOf = (n: number): string =>
    restaurant.country === 'SG'
      ? `+659${String(1_000_000 + n * 7919).padStart(7, '0')}`
      : `+1212555${String(n).padStart(4, '0')}`
  return Array.from({ length: many }, (_, n) => {
    const name = `${roll.pick(firstNames)} ${roll.pick(lastNames)}`
    const address = searchable(name).replaceAll(/[^a-z]+/g, '.')
    return {
      row: {
        id: randomUUID(),
        restaurant_id: restaurant.id,
        name,
        search_name: searchable(name),
        phone: phoneOf(n),
        email: roll.next() < 0.6 ? `${address}.${n}@example.com` : null,
        language: roll.pick(restaurant.languages),
        notes: roll.next() < 0.08 ? roll.pick(notes) : null,
        tags: roll.next() < 0.1 ? [roll.pick(['regular', 'press', 'neighbour', 'wine club'])] : [],
        vip: n < 25,
        allergies: roll.next() < 0.09 ? [roll.pick(['nuts', 'gluten', 'shellfish', 'milk', 'sesame'])] : [],
        version: 1,
        created_at: new Date('2025-01-01T00:00:00Z').toISOString(),
        updated_at: new Date('2025-01-01T00:00:00Z').toISOString(),
      },
    }
  })
}
