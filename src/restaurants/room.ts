import { qrUrl, signQr } from '../access/qr.ts'
import type { Once } from '../platform/ctx.ts'
import { type PageQuery, pageOf, readCursor } from '../platform/cursor.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { changeHouse } from './change-house.ts'
import { loadAgain } from './load.ts'
import {
  byNumber,
  decideCombinationEdit,
  decideNewCombination,
  decideNewTable,
  decideRemoval,
  decideTableEdit,
} from './room-rules.ts'
import {
  Combination,
  type CombinationEdit,
  type NewCombination,
  type NewTable,
  Table,
  type TableEdit,
  type TableWithQr,
} from './schema.ts'

/** In the order people count: 2 before 10. */
export async function listTables(ctx: TenantCtx, page: PageQuery): Promise<Result<TableWithQr[]>> {
  const { tables } = await loadAgain(ctx, ctx.restaurant.id)
  const sorted = tables.toSorted((a, b) => byNumber([a.number, a.id], [b.number, b.id]))
  const after = readCursor(page.cursor)
  const rest = after ? sorted.filter((table) => byNumber([table.number, table.id], after) > 0) : sorted
  const { data, meta } = pageOf(rest, page.limit, (table) => table.number)
  return { data: await Promise.all(data.map((table) => withQr(ctx, table))), meta }
}

async function withQr({ secrets, restaurant }: TenantCtx, table: Table): Promise<TableWithQr> {
  const qr_token = await signQr(secrets.qr_keys, { restaurant_id: restaurant.id, table_id: table.id })
  return { ...table, qr_token, qr_url: qrUrl(secrets.public_origin, qr_token) }
}

/** In the order they were made: their ids are. */
export async function listCombinations(ctx: TenantCtx, page: PageQuery): Promise<Result<Combination[]>> {
  const { combinations } = await loadAgain(ctx, ctx.restaurant.id)
  const [, after = ''] = readCursor(page.cursor) ?? []
  const rest = combinations.filter((one) => one.id > after).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return pageOf(rest, page.limit, () => '')
}

/** 409 `already_exists` where the number is another table's. */
export async function addTable(ctx: TenantCtx, table: NewTable, once: Once): Promise<Result<Table>> {
  return { data: await changeHouse(ctx, once, 'put_table', Table, (house) => decideNewTable(house, table)) }
}

/** 409 `stale_version` with the table as it is, `already_exists`; parties that are booked at it stay. */
export async function editTable(
  ctx: TenantCtx,
  id: string,
  edit: TableEdit,
  if_match: number | null,
  once: Once,
): Promise<Result<Table>> {
  const seen = edit.version ?? if_match
  return { data: await changeHouse(ctx, once, 'put_table', Table, (house) => decideTableEdit(house, id, edit, seen)) }
}

/** Puts a table away with its combinations; 409 `table_in_use` with how many `claims` are still to come to it. */
export async function archiveTable(
  ctx: TenantCtx,
  id: string,
  if_match: number | null,
  once: Once,
): Promise<Result<Table>> {
  const data = await changeHouse(ctx, once, 'archive_table', Table, (house) =>
    decideRemoval(
      house.tables.find((one) => one.id === id),
      id,
      if_match,
    ),
  )
  return { data }
}

/** 422 where a table is not there or not enabled, or a size is not theirs; 409 `already_exists`. */
export async function addCombination(ctx: TenantCtx, input: NewCombination, once: Once): Promise<Result<Combination>> {
  const decide = (house: TenantCtx['restaurant']) => decideNewCombination(house, input)
  return { data: await changeHouse(ctx, once, 'put_combination', Combination, decide) }
}

export async function editCombination(
  ctx: TenantCtx,
  id: string,
  edit: CombinationEdit,
  if_match: number | null,
  once: Once,
): Promise<Result<Combination>> {
  const data = await changeHouse(ctx, once, 'put_combination', Combination, (house) =>
    decideCombinationEdit(house, id, edit, edit.version ?? if_match),
  )
  return { data }
}

export async function removeCombination(
  ctx: TenantCtx,
  id: string,
  if_match: number | null,
  once: Once,
): Promise<Result<Combination>> {
  const data = await changeHouse(ctx, once, 'remove_combination', Combination, (house) =>
    decideRemoval(
      house.combinations.find((one) => one.id === id),
      id,
      if_match,
    ),
  )
  return { data }
}
