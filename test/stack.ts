import type { TestProject } from 'vitest/node'
import { insertPlatformKey } from '../local/keys.ts'
import { startStack } from '../local/stack.ts'

declare module 'vitest' {
  interface ProvidedContext {
    stack: { origin: string; control_origin: string; database_url: string }
  }
}

/** One stack for all the suites that speak to the Worker or to Postgres; gone when they are done. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
  project.provide('stack', {
    origin: stack.origin,
    control_origin: stack.control_origin,
    database_url: stack.database_url,
  })
  return () => stack.stop()
}
