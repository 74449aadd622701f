import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { strictSchema } from '../registry.ts'
import { instructionsFor } from './instructions.ts'
import { handed, handoffTool, team } from './rules.ts'
import { agentNames, type TeamMember } from './schema.ts'

/** R260. The team as plain data, for a vendor's own agents: a Vapi squad, Retell's states. Of a call that begins now. */
export function describeTeam(ctx: TenantCtx, locale: string | undefined): Promise<Result<TeamMember[]>> {
  const { restaurant, now } = ctx
  const told = {
    restaurant,
    now,
    locale: locale ?? restaurant.languages[0] ?? 'en',
    has_number: true,
    state: {},
    read_back: null,
    escalated: false,
  }
  const data = agentNames.map((name) => ({
    name,
    handoff_description: team[name].handoff_description,
    instructions: instructionsFor(name, told),
    operations: [...team[name].operations],
    handoffs: team[name].hands_to.map((to) => ({
      to,
      tool: handoffTool(to),
      input_schema: strictSchema(handed[to].type),
    })),
  }))
  return Promise.resolve({ data })
}
