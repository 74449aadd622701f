import * as z from 'zod'
import { PageQuery } from '../platform/cursor.ts'
import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { Id, LocalDate } from '../platform/text.ts'
import { Reservation, ReservationRef } from '../reservations/schema.ts'
import { blockTables, changeBlock, liftBlock, listBlocks } from './blocks.ts'
import { alertsNow, suggestSeats, tablesNow, timelineOn } from './board.ts'
import {
  Alert,
  BoardQuery,
  BoardTable,
  FloorNote,
  HistoryQuery,
  NoteInput,
  RangeQuery,
  SuggestQuery,
  Suggestion,
  TableVisit,
  Timeline,
  Utilisation,
} from './board-schema.ts'
import { floorUtilisation, tableHistory } from './history.ts'
import { extendParty, joinTables, moveParty, partTables, swapParties } from './move.ts'
import { getNote, writeNote } from './notes.ts'
import {
  Block,
  BlockEdit,
  Extension,
  Merge,
  Move,
  MovedParty,
  NewBlock,
  Swap,
  SwappedParties,
  WalkIn,
} from './schema.ts'
import { seatWalkIn } from './walk-in.ts'

const IdPath = z.strictObject({ id: Id })
const DatePath = z.strictObject({ date: LocalDate })
const tag = 'Floor'

const reads: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/admin/tables',
    root: true,
    scope: 'floor:read',
    tag,
    summary: 'Every table now, or at a moment: status, party, who comes next, session, what it owes',
    query: BoardQuery,
    answer: z.array(BoardTable),
    run: (ctx, { query }) => tablesNow(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/floor/timeline',
    scope: 'floor:read',
    tag,
    summary: 'A date by half hours: the status of every table, and the claims as bars',
    query: DatePath,
    answer: Timeline,
    run: (ctx, { query }) => timelineOn(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/floor/alerts',
    scope: 'floor:read',
    tag,
    summary: 'What the staff should know now, the urgent first',
    answer: z.array(Alert),
    run: (ctx) => alertsNow(ctx),
  }),
  endpoint({
    method: 'get',
    path: '/floor/suggest',
    scope: 'floor:read',
    tag,
    summary: 'Where to seat a party best, with the reasons',
    query: SuggestQuery,
    answer: z.array(Suggestion),
    run: (ctx, { query }) => suggestSeats(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/floor/utilisation',
    scope: 'floor:read',
    tag,
    summary: 'How every table was used between two dates, 92 days at the most',
    query: RangeQuery,
    answer: Utilisation,
    run: (ctx, { query }) => floorUtilisation(ctx, query),
  }),
  endpoint({
    method: 'get',
    path: '/tables/:id/history',
    scope: 'floor:read',
    tag,
    summary: 'Who sat at a table: turns as planned and as they were',
    params: IdPath,
    query: HistoryQuery,
    answer: z.array(TableVisit),
    run: (ctx, { params, query }) => tableHistory(ctx, params.id, query),
  }),
  endpoint({
    method: 'get',
    path: '/floor/notes/:date',
    scope: 'floor:read',
    tag,
    summary: 'The note of a date',
    params: DatePath,
    answer: FloorNote,
    run: (ctx, { params }) => getNote(ctx, params.date),
  }),
  endpoint({
    method: 'get',
    path: '/blocks',
    scope: 'floor:read',
    tag: 'Blocks',
    summary: 'Lists the blocks that touch a date, today where none is named',
    query: z.strictObject({ ...PageQuery.shape, date: LocalDate.optional() }),
    answer: z.array(Block),
    run: (ctx, { query }) => listBlocks(ctx, query),
  }),
]

const writes: Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/walk-ins',
    scope: 'floor:write',
    tag,
    summary: 'Seats a party that stands at the door',
    body: WalkIn,
    answer: Reservation,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => seatWalkIn(ctx, body, once),
  }),
  endpoint({
    method: 'post',
    path: '/floor/move',
    scope: 'floor:write',
    tag,
    summary: 'Seats a party elsewhere, or has it come at another time; the phones go with it',
    body: Move,
    answer: MovedParty,
    run: (ctx, { body, if_match, once }) => moveParty(ctx, body, if_match, once),
  }),
  endpoint({
    method: 'post',
    path: '/floor/swap',
    scope: 'floor:write',
    tag,
    summary: 'Two parties exchange their tables',
    body: Swap,
    answer: SwappedParties,
    run: (ctx, { body, once }) => swapParties(ctx, body, once),
  }),
  ...(
    [
      ['merge', 'Joins tables to those a party has', joinTables],
      ['unmerge', 'Takes some of its tables from a party', partTables],
    ] as const
  ).map(([step, summary, verb]) =>
    endpoint({
      method: 'post',
      path: `/floor/${step}`,
      scope: 'floor:write',
      tag,
      summary,
      body: Merge,
      answer: MovedParty,
      run: (ctx, { body, if_match, once }) => verb(ctx, body, if_match, once),
    }),
  ),
  endpoint({
    method: 'post',
    path: '/reservations/:ref/extend',
    scope: 'floor:write',
    tag,
    summary: 'A party stays longer; refused with who comes next',
    params: z.strictObject({ ref: ReservationRef }),
    body: Extension,
    answer: MovedParty,
    run: (ctx, { params, body, if_match, once }) => extendParty(ctx, params.ref, body, if_match, once),
  }),
  endpoint({
    method: 'put',
    path: '/floor/notes/:date',
    scope: 'floor:write',
    tag,
    summary: 'Writes the note of a date',
    params: DatePath,
    body: NoteInput,
    answer: FloorNote,
    run: (ctx, { params, body, if_match, once }) => writeNote(ctx, params.date, body, if_match, once),
  }),
  endpoint({
    method: 'post',
    path: '/blocks',
    scope: 'floor:write',
    tag: 'Blocks',
    summary: 'Takes tables out of use for a time; never over anybody',
    body: NewBlock,
    answer: Block,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => blockTables(ctx, body, once),
  }),
  endpoint({
    method: 'patch',
    path: '/blocks/:id',
    scope: 'floor:write',
    tag: 'Blocks',
    summary: 'Changes a block',
    params: IdPath,
    body: BlockEdit,
    answer: Block,
    run: (ctx, { params, body, if_match, once }) => changeBlock(ctx, params.id, body, if_match, once),
  }),
  endpoint({
    method: 'delete',
    path: '/blocks/:id',
    scope: 'floor:write',
    tag: 'Blocks',
    summary: 'Lifts a block; its tables are free at once',
    params: IdPath,
    answer: Block,
    run: (ctx, { params, if_match, once }) => liftBlock(ctx, params.id, if_match, once),
  }),
]

export const floorEndpoints: Endpoint[] = [...reads, ...writes]
