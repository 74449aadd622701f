import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import { Problem, problemBody, problems } from '../platform/problem.ts'
import { logFailure } from '../platform/serve.ts'

/**
 * What MCP has no word for becomes an error of its protocol with the problem as its data. What nobody foresaw says only
 * where to look: left alone, the protocol would send its message to the client.
 */
export async function answered<T>(request_id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ProtocolError) throw error
    if (!(error instanceof Problem)) logFailure('unexpected', request_id, error)
    throw protocolError(error instanceof Problem ? error : new Problem('internal'), request_id)
  }
}

function protocolError(problem: Problem, request_id: string): ProtocolError {
  const [status, title] = problems[problem.code]
  const code = status < 500 ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError
  return new ProtocolError(code, problem.facts.detail ?? title, problemBody(problem, request_id))
}
