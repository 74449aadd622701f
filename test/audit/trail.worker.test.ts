import { describe, expect, inject, test } from 'vitest'
import { daysAhead, openHouse, withDatabase } from '../factories.ts'
import { meet, withScopes } from '../guests/people.ts'
import { sealAll } from './chains.ts'

const where = inject('stack')

type Row = { id: number; type: string; at: string; seal_no: number | null }

describe('R200 the trail', () => {
  test('says who did what, when, why and what became different; sealed or not', async () => {
    const house = await openHouse(where)
    const ana = await meet(house, { name: 'Ana', notes: 'Window' })
    const request = { 'x-request-id': 'audit-test-1' }
    await house.call('PUT', `/guests/${ana.id}`, { notes: 'Terrace', vip: true }, request)
    for (const sealed of [false, true]) {
      if (sealed) await withDatabase(where, (client) => sealAll(client, house))
      const { status, data } = await house.call('GET', `/audit?subject=${ana.id}`)
      expect(status).toBe(200)
      expect(data).toHaveLength(2)
      expect(data[0]).toMatchObject({
        type: 'guest.changed',
        subject_id: ana.id,
        actor: { kind: 'key' },
        request_id: 'audit-test-1',
        before: { notes: 'Window', vip: false },
        after: { notes: 'Terrace', vip: true },
        changes: [
          { path: 'notes', before: 'Window', after: 'Terrace' },
          { path: 'vip', before: false, after: true },
        ],
        seal_no: sealed ? 1 : null,
      })
      expect(data[1]).toMatchObject({ type: 'guest.created', before: null })
    }
  })

  test('is found by type, by actor and by time, half of it sealed, page by page, and nobody else’s', async () => {
    const house = await openHouse(where)
    const other = await openHouse(where)
    await meet(other, { name: 'Theirs' })
    const early = { 'x-tableside-now': new Date(Date.now() - 3 * 86_400_000).toISOString() }
    for (let i = 0; i < 6; i++) {
      const guest = { name: `G ${i}`, phone: `+659150000${i}` }
      await house.call('POST', '/guests', guest, i < 2 ? early : {})
      if (i === 3) await withDatabase(where, (client) => sealAll(client, house))
    }
    const booked = await house.call('POST', '/reservations', { date: `${daysAhead(2)}T19:00:00`, guests: 2 })
    await house.call('DELETE', `/reservations/${booked.data.id}`)

    const all = (await house.call('GET', '/audit')).data
    expect(all.map((row: Row) => row.type)).toEqual([
      'reservation.cancel',
      'reservation.booked',
      ...Array.from({ length: 6 }, () => 'guest.created'),
    ])
    expect(new Set(all.map((row: Row) => row.seal_no))).toEqual(new Set([null, 1]))
    const paged: Row[] = []
    for (let cursor = ''; ;) {
      const page = await house.call('GET', `/audit?limit=3${cursor}`)
      paged.push(...page.data)
      if (page.body.meta.next_cursor === null) break
      cursor = `&cursor=${page.body.meta.next_cursor}`
    }
    expect(paged).toEqual(all)

    const ids = async (query: string): Promise<number[]> =>
      (await house.call('GET', `/audit?${query}`)).data.map((row: Row) => row.id)
    const created = all.slice(2).map((row: Row) => row.id)
    expect(await ids('type=guest.created')).toEqual(created)
    expect(await ids(`actor=key:${all[0].actor.id}`)).toEqual(all.map((row: Row) => row.id))
    expect(await ids('actor=cron')).toEqual([])
    const yesterday = new Date(Date.now() - 86_400_000).toISOString()
    expect(await ids(`type=guest.created&to=${yesterday}`)).toEqual(created.slice(4))
    expect(await ids(`type=guest.created&from=${yesterday}`)).toEqual(created.slice(0, 4))
    expect(await ids(`from=${daysAhead(2)}T00:00:00`)).toEqual([])
    for (const bad of ['cursor=nonsense', 'subject=me', 'from=monday', 'limit=0', 'who=me'])
      expect((await house.call('GET', `/audit?${bad}`)).code, bad).toBe('validation_failed')
  })

  test('R205 who may not read guests sees what happened, and nobody’s name; who may not read figures sees nothing', async () => {
    const house = await openHouse(where)
    const ana = await meet(house, { name: 'Ana Núñez', notes: 'Shy', email: 'ana@b.co' })
    const figures = await withScopes(where, house, ['analytics:read'])
    const { data } = await figures('GET', `/audit?subject=${ana.id}`)
    expect(data[0]).toMatchObject({ type: 'guest.created', after: { name: null, phone: null, vip: false } })
    expect(JSON.stringify(data)).not.toMatch(/Núñez|Shy|ana@b/)
    expect(JSON.stringify(data)).not.toContain(ana.phone)
    const guests = await withScopes(where, house, ['guests:read', 'floor:*'])
    expect((await guests('GET', '/audit')).status).toBe(403)
    expect((await guests('GET', '/audit/head')).status).toBe(403)
  })

  test('R203 the head of the chain can be kept elsewhere', async () => {
    const house = await openHouse(where)
    expect((await house.call('GET', '/audit/head')).data).toBeNull()
    await meet(house, { name: 'Ana' })
    await withDatabase(where, (client) => sealAll(client, house))
    const { data } = await house.call('GET', '/audit/head')
    expect(data).toMatchObject({ seal_no: 1, events: 1, total: 1, digest: expect.stringMatching(/^[0-9a-f]{64}$/) })
  })
})
