/**
 * The part of the SDK that is used here, by itself: it is loaded by `import()` where a team speaks, and never as the
 * API starts.
 */
export { Agent, assistant, handoff, OpenAIProvider, Runner, setTracingDisabled, tool, user } from '@openai/agents'
export { OpenAIRealtimeSIP, OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from '@openai/agents/realtime'
