import type { Model } from '@openai/agents'
import { Problem } from '../../platform/problem.ts'
import { voiceHouse } from '../../restaurants/voice-integrations.ts'
import type { Sdk } from './load-sdk.ts'
import type { TeamCtx } from './turn.ts'

/** Where a model is had from; tests have their own. */
export type ModelSource = (
  ctx: Pick<TeamCtx, 'db' | 'now' | 'request_id' | 'secrets' | 'restaurant'>,
  sdk: Sdk,
) => Promise<Model>

const usualModel = 'gpt-5.4-mini'

/**
 * R266. The model that the house has set up: its own key at OpenAI, or at whatever speaks OpenAI's Responses API. Throws
 * `model_not_configured` where there is none.
 */
export const houseModel: ModelSource = async (ctx, sdk) => {
  const house = await voiceHouse(ctx, ctx.restaurant.slug, 'openai')
  if (!house?.voice.api_key) throw new Problem('model_not_configured')
  const { api_key, api_url, model } = house.voice
  const provider = new sdk.OpenAIProvider({
    apiKey: api_key,
    useResponses: true,
    baseURL: api_url ?? new URL('/v1', ctx.secrets.openai_url).href,
  })
  return provider.getModel(model ?? usualModel)
}
