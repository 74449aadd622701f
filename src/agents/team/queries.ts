import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../../platform/db.ts'
import { Speaker, VoiceCall } from '../call-schema.ts'
import { ReadBack, TeamAgentName, TurnAnswer } from './schema.ts'

const BeginAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('begun'),
    call: VoiceCall,
    agent: TeamAgentName,
    read_back: ReadBack.nullable(),
    turns: z.array(z.object({ speaker: Speaker, text: z.string() })),
  }),
  z.object({ outcome: z.literal('said'), answer: TurnAnswer }),
  z.object({ outcome: z.enum(['not_found', 'call_over', 'busy', 'key_reused']) }),
])
export type BeginAnswer = z.infer<typeof BeginAnswer>
export type Begun = Extract<BeginAnswer, { outcome: 'begun' }>

/** The caller's words, and all there is to know to answer them; leased to who asks. One round trip. */
export async function beginTurn(db: Db, plan: unknown): Promise<BeginAnswer> {
  const [row] = await query(
    db,
    z.object({ answer: BeginAnswer }),
    sql`select begin_team_turn(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  if (!row) throw new Error('begin_team_turn answered nothing')
  return row.answer
}

/** The answer, and whose turn it is next; nothing where the lease is somebody else's by now. */
export async function endTurn(db: Db, plan: unknown): Promise<void> {
  await db.execute(sql`select end_team_turn(${JSON.stringify(plan)}::jsonb)`)
}
