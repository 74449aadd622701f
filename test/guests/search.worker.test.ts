import { beforeAll, describe, expect, inject, test } from 'vitest'
import { type Answer, daysAhead, type House, openHouse } from '../factories.ts'
import { meet, phoneOf, visits } from './people.ts'

const where = inject('stack')
const namesOf = (answer: Answer): (string | null)[] => answer.data.map((guest: { name: string | null }) => guest.name)
const find = (house: House, asked: Record<string, string | number>): Promise<Answer> =>
  house.call('GET', `/guests?${new URLSearchParams(Object.entries(asked).map(([k, v]) => [k, String(v)])).toString()}`)

describe('searching', () => {
  let house: House
  beforeAll(async () => {
    house = await openHouse(where)
    const people: [string, Record<string, unknown>][] = [
      ['Ana Núñez', { tags: ['wine'], language: 'es-MX', email: 'ana@example.com', phone: '98207272' }],
      ['Ana María Núñez García', { vip: true, language: 'es' }],
      ['Nuno Alves', { tags: ['Wine'] }],
      ['John Smith', { language: 'en' }],
      ['Jon Smyth', {}],
      ['Katherine O’Neill', {}],
      ['王小明', {}],
      ['김민수', {}],
      ['Søren Kierkegård', {}],
      ['100% Vegan_Club', {}],
      ['Li Wei', {}],
      ['Will Smart', {}],
    ]
    for (const [name, fields] of people) await meet(house, { name, ...fields })
    await house.call('POST', '/guests', { email: 'nameless@example.com' })
  })

  test('without a question lists by name, the nameless last', async () => {
    const names = namesOf(await find(house, {}))
    expect(names.slice(0, 4)).toEqual(['100% Vegan_Club', 'Ana María Núñez García', 'Ana Núñez', 'John Smith'])
    expect(names).toHaveLength(13)
    expect(names.at(-1)).toBeNull()
  })

  test.each([
    ['Nunes', ['Ana Núñez', 'Ana María Núñez García']],
    ['núñez', ['Ana Núñez', 'Ana María Núñez García']],
    ['Nunez Ana', ['Ana Núñez', 'Ana María Núñez García']],
    ['ana nunez', ['Ana Núñez', 'Ana María Núñez García']],
    ['smith', ['John Smith', 'Jon Smyth']],
    ['jon smith', ['Jon Smyth', 'John Smith']],
    ['smyth', ['Jon Smyth', 'John Smith']],
    ['Catherine', ['Katherine O’Neill']],
    ['neil', ['Katherine O’Neill']],
    ['ther', ['Katherine O’Neill']],
    ['sm', ['Jon Smyth']],
    ['王', ['王小明']],
    ['小明', ['王小明']],
    ['민수', ['김민수']],
    ['soren', ['Søren Kierkegård']],
    ['00%', ['100% Vegan_Club']],
    ['n_C', ['100% Vegan_Club']],
    ['%', []],
    ['zzzz', []],
  ])('%s finds %j, in that order', async (q, expected) => {
    const names = namesOf(await find(house, { q }))
    expect(names.slice(0, expected.length)).toEqual(expected)
    if (expected.length === 0) expect(names).toEqual([])
    for (const name of ['Li Wei', ...(q.length > 2 ? ['Will Smart'] : [])]) expect(names).not.toContain(name)
  })

  test('also by phone and e-mail, whole or in part', async () => {
    for (const asked of [
      { q: '9820 7272' },
      { q: '+6598207272' },
      { q: '7272' },
      { q: 'ANA@example.com' },
      { phone: '98207272' },
      { phone: '2072' },
      { email: 'Ana@Example.com' },
      { q: 'nunez', phone: '98207272' },
    ]) {
      expect(namesOf(await find(house, asked))).toEqual(['Ana Núñez'])
    }
    expect((await find(house, { phone: '99999999' })).data).toEqual([])
  })

  test('by language, tag, vip and visits', async () => {
    expect(namesOf(await find(house, { language: 'es' }))).toEqual(['Ana María Núñez García', 'Ana Núñez'])
    expect(namesOf(await find(house, { language: 'es-MX' }))).toEqual(['Ana Núñez'])
    expect(namesOf(await find(house, { tag: 'wine' }))).toEqual(['Ana Núñez'])
    expect(namesOf(await find(house, { vip: 'true' }))).toEqual(['Ana María Núñez García'])
    expect((await find(house, { vip: 'false' })).data).toHaveLength(12)
    const [, second] = await visits(house, '98207272', 2)
    await house.call('POST', `/reservations/${second}/complete`)
    await house.call('POST', '/reservations', { date: `${daysAhead(9)}T19:00:00`, guests: 2, phone_number: '98207272' })
    const { data } = await find(house, { min_visits: 2 })
    expect(data).toMatchObject([{ name: 'Ana Núñez', visits: 2 }])
    expect(data[0].last_visit_at).toMatch(/T18:00:00\+08:00$/)
    expect((await find(house, { min_visits: 3 })).data).toEqual([])
    expect((await find(house, { q: 'nunez', min_visits: 1 })).data).toHaveLength(1)
  })

  test.each([
    ['q='],
    ['limit=0'],
    ['limit=201'],
    ['vip=yes'],
    ['min_visits=-1'],
    ['phone=12'],
    ['phone=anna'],
    ['email=anna'],
    ['name=ana'],
    ['cursor=x'],
    [`cursor=${btoa('["\\u0000","01890000-0000-7000-8000-000000000000"]')}`],
    [`q=ana&cursor=${btoa('["ana","01890000-0000-7000-8000-000000000000"]')}`],
  ])('%s is refused', async (query) => {
    expect((await house.call('GET', `/guests?${query}`)).status).toBe(422)
  })
})

/** The ids of all pages of a list. */
async function walk(house: House, query: string): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Answer = await house.call('GET', `/guests?${query}${cursor ? `&cursor=${cursor}` : ''}`)
    expect(page.status).toBe(200)
    ids.push(...page.data.map((guest: { id: string }) => guest.id))
    cursor = page.body.meta.next_cursor
  }
  return ids
}

describe('pages', () => {
  test('of 250 guests have no gap and no repeat, in either order', async () => {
    const house = await openHouse(where)
    const longest = `Ana ${'ก'.repeat(116)}`
    const names = ['Ana Núñez', 'Ana Lee', null, longest, 'Anna Berg', 'Ана Каренина', 'Ana 🌶️']
    const made: string[] = [(await meet(house, { name: 'Ana', phone: phoneOf(500_000) })).id]
    for (let from = 1; from < 250; from += 3) {
      const some = await Promise.all(
        Array.from({ length: 3 }, (_, i) => {
          const n = from + i
          return meet(house, { name: names[n % names.length], phone: phoneOf(500_000 + n) })
        }),
      )
      made.push(...some.map((guest) => guest.id))
    }
    const all = made.toSorted()
    for (const limit of [200, 50, 7]) {
      const ids = await walk(house, `limit=${limit}`)
      expect(ids).toHaveLength(250)
      expect(ids.toSorted()).toEqual(all)
    }
    const asked = await walk(house, 'q=ana&limit=9')
    expect(new Set(asked).size).toBe(asked.length)
    const atOnce = (await house.call('GET', '/guests?q=ana&limit=200')).data
    expect(asked).toEqual(atOnce.map((guest: { id: string }) => guest.id))
    expect(asked.length).toBeGreaterThan(100)
  })

  test('of a timeline go back from the newest, at the same moment too', async () => {
    const house = await openHouse(where, { settings: { per_phone: 'any' } })
    const guest = await meet(house, { name: 'Ana' })
    const ids = await visits(house, guest.phone, 4)
    ids.push(...(await visits(house, guest.phone, 2, 2)))
    await house.call('DELETE', `/reservations/${ids[5]}`)
    const whole = (await house.call('GET', `/guests/${guest.id}/bookings`)).data
    expect(whole.map((one: { id: string }) => one.id).toSorted()).toEqual(ids.toSorted())
    const starts = whole.map((one: { starts_at: string }) => one.starts_at)
    expect(starts).toEqual(starts.toSorted().toReversed())
    expect(whole[0]).toMatchObject({ reservation_time: '18:00', guest_id: guest.id, tables: [{ seats: 2 }] })
    const paged: unknown[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Answer = await house.call(
        'GET',
        `/guests/${guest.id}/bookings?limit=1${cursor && `&cursor=${cursor}`}`,
      )
      paged.push(...page.data)
      cursor = page.body.meta.next_cursor
    }
    expect(paged).toEqual(whole)
    const stranger = await meet(house, { name: 'New' })
    expect((await house.call('GET', `/guests/${stranger.id}/bookings`)).data).toEqual([])
    const forged = btoa('["1","01890000-0000-7000-8000-000000000000"]')
    expect((await house.call('GET', `/guests/${guest.id}/bookings?cursor=${forged}`)).status).toBe(422)
  })
})
