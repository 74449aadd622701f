import { describe, expect, inject, test } from 'vitest'
import { type House, openHouse, withDatabase } from '../factories.ts'
import { openTavern } from '../ordering/phones.ts'
import { columns } from '../../src/guests/sheet-rules.ts'
import { lifeOf } from './lives.ts'
import { meet, visits, withScopes } from './people.ts'
import { readCsv, readSheet, unzip } from './sheets.ts'

const where = inject('stack')

async function file(
  house: House,
  path: string,
): Promise<{ status: number; type: string; name: string; bytes: Buffer }> {
  const answer = await fetch(`${where.origin}/api${path}`, { headers: { authorization: `Bearer ${house.key}` } })
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? '',
    name: answer.headers.get('content-disposition') ?? '',
    bytes: Buffer.from(await answer.arrayBuffer()),
  }
}

const awkward = {
  name: '=HYPERLINK("http://x","y")',
  notes: 'a "quoted", line\nand <another> & more\t',
  tags: ['+1', 'wine'],
  language: 'es',
  vip: true,
}

describe('R176 export', () => {
  test('a sheet of comma-separated values, which no spreadsheet takes for a program', async () => {
    const house = await openHouse(where)
    const ana = await meet(house, { ...awkward, email: 'ana@b.co' })
    await meet(house, { name: 'Bó 王' })
    await visits(house, ana.phone, 1)
    const csv = await file(house, '/guests/export.csv')
    expect([csv.status, csv.type]).toEqual([200, 'text/csv; charset=utf-8; header=present'])
    expect(csv.name).toMatch(new RegExp(`^attachment; filename="${house.slug}-guests-20\\d\\d-\\d\\d-\\d\\d.csv"$`))
    const text = csv.bytes.toString()
    expect(text.startsWith('\uFEFF')).toBe(true)
    const [head, ...rows] = readCsv(text.slice(1))
    expect(head).toEqual([...columns])
    expect(rows).toHaveLength(2)
    const first = Object.fromEntries(columns.map((name, i) => [name, rows[0]?.[i]]))
    expect(first).toMatchObject({
      name: `'${awkward.name}`,
      phone: ana.phone,
      email: 'ana@b.co',
      vip: 'true',
      notes: awkward.notes.trim(),
      tags: `'+1; wine`,
      visits: '1',
      spend: '0',
      currency: 'SGD',
    })
    expect(rows[1]?.[1]).toBe('Bó 王')
  })

  test('a workbook, whose text is text and whose numbers are numbers', async () => {
    const house = await openHouse(where)
    await meet(house, { ...awkward, notes: 'a & <b> ]]> end' })
    const xlsx = await file(house, '/guests/export.xlsx')
    expect([xlsx.status, xlsx.type]).toEqual([200, 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'])
    const files = unzip(xlsx.bytes)
    expect([...files.keys()]).toContain('[Content_Types].xml')
    const sheet = files.get('xl/worksheets/sheet1.xml') ?? ''
    expect(sheet).not.toContain('<f>')
    const [head, row] = readSheet(sheet)
    expect([...(head?.values() ?? [])]).toEqual([...columns])
    expect([row?.get('B'), row?.get('H'), row?.get('L')]).toEqual([awkward.name, '1', 'a & <b> ]]> end'])
    expect(sheet).toMatch(/<c r="N2"><v>0<\/v>/)
  })

  test('thousands come page by page, each once; a filter makes it fewer; another house’s are not there', async () => {
    const house = await openHouse(where)
    const other = await openHouse(where)
    await withDatabase(where, (client) =>
      client.query(
        `insert into guests (restaurant_id, name, search_name, phone, tags)
         select $1, 'Guest ' || i, 'guest ' || i, '+65' || (81000000 + i), case when i % 100 = 0 then '{wine}'::text[] else '{}' end
           from generate_series(1, 4500) i`,
        [house.id],
      ),
    )
    await meet(other, { name: 'Theirs' })
    const csv = readCsv((await file(house, '/guests/export.csv')).bytes.toString().slice(1))
    expect(csv).toHaveLength(4501)
    expect(new Set(csv.map((row) => row[0])).size).toBe(4501)
    expect(readCsv((await file(house, '/guests/export.csv?tag=wine')).bytes.toString())).toHaveLength(46)
    const sheet = unzip((await file(house, '/guests/export.xlsx')).bytes).get('xl/worksheets/sheet1.xml') ?? ''
    expect(readSheet(sheet)).toHaveLength(4501)
    const bad = await house.call('GET', '/guests/export.csv?limit=10')
    expect(bad.code).toBe('validation_failed')
    const reader = await withScopes(where, house, ['guests:read'])
    expect((await reader('GET', '/guests/export.csv')).status).toBe(403)
  })
})

describe('R173 the timeline', () => {
  test('has all there was, the newest first, page by page', async () => {
    const house = await openTavern(where)
    const other = await openHouse(where)
    const id = await lifeOf(where, house)
    const { status, data } = await house.call('GET', `/guests/${id}/timeline`)
    expect(status).toBe(200)
    const kinds = data.map((one: { kind: string }) => one.kind)
    expect(new Set(kinds)).toEqual(new Set(['reservation', 'order', 'waitlist', 'message', 'call', 'note']))
    const times = data.map((one: { at: string }) => Date.parse(one.at))
    expect(times).toEqual(times.toSorted((a: number, b: number) => b - a))
    const paged: unknown[] = []
    for (let cursor = ''; ;) {
      const page = await house.call('GET', `/guests/${id}/timeline?limit=3${cursor}`)
      paged.push(...page.data)
      if (page.body.meta.next_cursor === null) break
      cursor = `&cursor=${page.body.meta.next_cursor}`
    }
    expect(paged).toEqual(data)
    expect((await other.call('GET', `/guests/${id}/timeline`)).status).toBe(404)
  })
})
