import { type Cell, csvOf } from '../platform/csv.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { wallOf } from '../platform/time.ts'
import { xlsxOf } from '../platform/xlsx.ts'
import { facetsOf } from './facets.ts'
import { presentGuest } from './present.ts'
import { type GuestFacets, type GuestListed, selectGuests } from './queries.ts'
import type { ExportFilter } from './schema.ts'
import { cellsOf, columns } from './sheet-rules.ts'

const rowsAtOnce = 2_000
/** What fits a Worker's memory and a reader's patience; a filter makes two files of one. */
export const mostGuests = 50_000

export const xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** R176. Guests as a sheet, all of the house or those a filter finds; 422 `export_too_large` beyond 50,000. */
export async function exportGuests(ctx: TenantCtx, kind: 'csv' | 'xlsx', filter: ExportFilter): Promise<Result<null>> {
  const { slug, timezone } = ctx.restaurant
  const filename = `${slug}-guests-${wallOf(ctx.now, timezone).date}.${kind}`
  if (kind === 'xlsx') {
    const body = await xlsxOf('Guests', pagesOf(ctx, filter))
    return { data: null, file: { body, filename, content_type: xlsxType } }
  }
  // With the mark that tells Excel it is UTF-8.
  let body = '\uFEFF'
  for await (const page of pagesOf(ctx, filter)) body += csvOf(page)
  return { data: null, file: { body, filename, content_type: 'text/csv; charset=utf-8; header=present' } }
}

/** The names of the columns, then the guests in the order of the list, page by page. */
async function* pagesOf(ctx: TenantCtx, filter: ExportFilter): AsyncGenerator<Cell[][]> {
  yield [[...columns]]
  const asked = facetsOf({ ...filter, limit: rowsAtOnce }, ctx.restaurant.country, ctx.now)
  let after: [string, string] | null = null
  for (let written = 0; ;) {
    const facets: GuestFacets = { ...asked, after, limit: rowsAtOnce }
    const rows: GuestListed[] = await withRetry(() => selectGuests(ctx.db, ctx.restaurant.id, facets), ctx.request_id)
    written += rows.length
    if (written > mostGuests)
      throw new Problem('export_too_large', { detail: `More than ${mostGuests} guests; ask for fewer by a filter.` })
    yield rows.map((row) => cellsOf(presentGuest(row.guest, ctx)))
    const last = rows.at(-1)
    if (!last || rows.length < rowsAtOnce) return
    after = [last.sort_key, last.guest.id]
  }
}
