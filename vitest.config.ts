import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { objectBindings } from './test/objects.ts'

const serviceTests = ['test/**/*.{db,worker}.test.ts']
const aloneTests = ['test/**/*.alone.test.ts']

/**
 * Durable Objects in workerd itself, where they can be put away between any two calls. Its plugin takes seconds to load:
 * only for who wants it.
 */
async function objects(): Promise<TestProjectInlineConfiguration[]> {
  const asked = process.argv.flatMap((one, i, all) => (all[i - 1] === '--project' ? [one] : []))
  if (asked.length > 0 && !asked.includes('objects')) return []
  const { cloudflareTest } = await import('@cloudflare/vitest-plugin')
  const wrangler = { configPath: './wrangler.toml' }
  return [
    {
      plugins: [cloudflareTest({ wrangler, miniflare: { bindings: objectBindings } })],
      test: { name: 'objects', include: ['test/**/*.object.test.ts'], sequence: { groupOrder: 2 } },
    },
  ]
}

export default defineConfig({
  test: {
    reporters: ['default'],
    maxWorkers: 2,
    projects: [
      {
        // Pure decisions: no database, no network.
        test: { name: 'rules', include: ['test/**/*.rules.test.ts'], sequence: { groupOrder: 0 } },
      },
      {
        // On one stack of real Postgres, the stand-ins and the built Worker in workerd; every suite has its own house.
        test: {
          name: 'stack',
          include: serviceTests,
          globalSetup: ['test/stack.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      ...(await objects()),
      {
        // What counts round trips, kills servers or plants bugs has a stack of its own, and two of them the machine.
        test: {
          name: 'alone',
          include: aloneTests,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'local',
          include: ['test/local/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
