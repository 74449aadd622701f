import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { analyse } from './analytics.ts'
import {
  deniedRows,
  guestRows,
  leadRows,
  type Material,
  occupancyRows,
  outcomeRows,
  peakRows,
  revenueRows,
  sourceRows,
  staffRows,
  tableRows,
  turnRows,
} from './analytics-rules.ts'
import { readDashboard } from './dashboard.ts'
import { Dashboard } from './dashboard-schema.ts'
import { readForecasts } from './forecast.ts'
import { ForecastAnswer, ForecastQuery } from './forecast-schema.ts'
import {
  analysisOf,
  AnalyticsQuery,
  DeniedRow,
  GuestRow,
  LeadRow,
  OccupancyRow,
  OutcomeRow,
  PeakRow,
  RevenueRow,
  SourceRow,
  StaffRow,
  TableRow,
  TurnRow,
} from './schema.ts'
import type * as z from 'zod'

const tag = 'Analytics'

/** One question, one statement: which kinds of figures it reads, and what it makes of them. */
function analysis<R extends z.ZodType>(
  path: string,
  summary: string,
  row: R,
  kinds: string[],
  rowsOf: (material: Material) => z.input<R>[],
): Endpoint {
  return endpoint({
    method: 'get',
    path: `/analytics/${path}`,
    scope: 'analytics:read',
    tag,
    summary,
    query: AnalyticsQuery,
    answer: analysisOf(row),
    run: (ctx, { query }) => analyse(ctx, query, { kinds, rowsOf }),
  })
}

export const insightEndpoints: Endpoint[] = [
  analysis('occupancy', 'How full the house was', OccupancyRow, ['seats', 'open', 'all'], occupancyRows),
  analysis('peaks', 'Arrivals and occupancy by half-hour', PeakRow, ['arrival', 'seats', 'open'], peakRows),
  analysis('turns', 'Turn times, planned against actual', TurnRow, ['turn', 'turn_planned'], turnRows),
  analysis('lead-time', 'How long ahead parties book, and what becomes of them', LeadRow, ['lead'], leadRows),
  analysis('sources', 'Where parties come from', SourceRow, ['source'], sourceRows),
  analysis('outcomes', 'Parties that came, cancelled, or never came', OutcomeRow, ['all'], outcomeRows),
  analysis('revenue', 'Orders at tables and what they brought', RevenueRow, ['revenue', 'all', 'open'], revenueRows),
  analysis('guests', 'New and returning guests', GuestRow, ['guest'], guestRows),
  analysis('staff', 'Who seated, turned and served how many', StaffRow, ['staff'], staffRows),
  analysis('denied', 'Demand the house could not meet', DeniedRow, ['denied', 'lost'], deniedRows),
  analysis('tables', 'Utilisation of each table', TableRow, ['table', 'open_table', 'table_revenue'], tableRows),
  endpoint({
    method: 'get',
    path: '/analytics/forecast',
    scope: 'analytics:read',
    tag,
    summary: 'Expected covers, and how far off past forecasts were',
    query: ForecastQuery,
    answer: ForecastAnswer,
    run: (ctx, { query }) => readForecasts(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/dashboard',
    scope: 'floor:read',
    tag,
    summary: 'Today: covers, arrivals, occupancy and what needs somebody',
    answer: Dashboard,
    run: (ctx) => readDashboard(ctx),
  }),
]
