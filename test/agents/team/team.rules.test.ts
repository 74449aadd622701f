import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { en } from '../../../src/agents/team/instructions/en.ts'
import { es } from '../../../src/agents/team/instructions/es.ts'
import { fr } from '../../../src/agents/team/instructions/fr.ts'
import { operationNames } from '../../../src/agents/operation.ts'
import { strictSchema } from '../../../src/agents/registry.ts'
import { filledIn, handed, missingSlots, readHandoff, team } from '../../../src/agents/team/rules.ts'
import { agentNames } from '../../../src/agents/team/schema.ts'

const root = resolve(import.meta.dirname, '../../..')

describe('R260 the team', () => {
  test('has every operation, and each agent its own', () => {
    const all = agentNames.flatMap((name) => team[name].operations)
    expect(new Set(all)).toEqual(new Set(operationNames))
    for (const name of agentNames) expect(team[name].hands_to).not.toContain(name)
  })

  test('every agent is spoken to in every language, and of every tool by its name', () => {
    for (const words of [en, es, fr])
      for (const name of agentNames) {
        const named = words.own[name].match(/transfer_to_\w+/g) ?? []
        for (const tool of named) expect(team[name].hands_to.map((to) => `transfer_to_${to}`)).toContain(tool)
        expect(words.own[name].length).toBeGreaterThan(100)
      }
  })

  test('is no part of what starts with the API: nothing that the Worker loads at once loads the SDK', () => {
    const seen = new Set<string>()
    const packages = new Set<string>()
    const walk = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(file, 'utf8')
      for (const [, type, to = ''] of text.matchAll(/^(?:import|export)\s+(type\s+)?[^'";]*?\s*from\s*'([^']+)'/gm)) {
        if (type !== undefined) continue
        if (to.startsWith('.')) walk(resolve(dirname(file), to))
        else packages.add(to)
      }
    }
    walk(resolve(root, 'functions/worker.ts'))
    expect(seen).toContain(resolve(root, 'src/agents/team/converse.ts'))
    expect(seen).not.toContain(resolve(root, 'src/agents/team/sdk.ts'))
    expect([...packages].filter((name) => name.startsWith('@openai'))).toEqual([])
    expect(packages).toContain('@hono/zod-openapi')
  })
})

describe('R263 handoffs', () => {
  test('whatever is written, what comes out is what the type wants', () => {
    const json = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json({ maxDepth: 1 }).map((text) => `{"party_size": ${text}, "items": ${text}}`),
    )
    fc.assert(
      fc.property(fc.constantFrom(...agentNames), json, (to, raw) => {
        const { data } = readHandoff(to, raw)
        expect(handed[to].type.safeParse(data)).toMatchObject({ success: true })
      }),
    )
  })

  test('every key of a type has its blank, and is required of the model', () => {
    for (const name of agentNames) {
      const { type, blank } = handed[name]
      expect(Object.keys(blank)).toEqual(Object.keys(type.shape))
      expect(strictSchema(type)).toMatchObject({ required: Object.keys(blank), additionalProperties: false })
    }
  })

  test.each([
    ['{"party_size": 4, "date": null}', { party_size: 4 }, []],
    ['{"party_size": 4, "toString": 1, "__proto__": {}}', { party_size: 4 }, ['toString', '__proto__']],
    ['{"party_size": "4", "time": "7:30 pm", "name": " Ana "}', { party_size: 4, time: '19:30', name: 'Ana' }, []],
    [
      '{"party_size": 0, "date": "2026-02-30", "name": "Ana"}',
      { party_size: null, date: null, name: 'Ana' },
      ['party_size', 'date'],
    ],
    ['{"name": {"first": "Ana"}}', { name: null }, ['name']],
    ['null', {}, ['json']],
  ])('%s', (raw, data, mistakes) => {
    const read = readHandoff('reservation', raw)
    expect(read.data).toMatchObject(data)
    expect(read.mistakes).toEqual(mistakes)
  })

  test('what was said fills what was left out, and replaces nothing', () => {
    expect(filledIn({ date: null, time: '19:00' }, { date: '2026-12-01', time: '20:00', phone: undefined })).toEqual({
      date: '2026-12-01',
      time: '19:00',
    })
  })

  test('R262 only what is missing is asked for', () => {
    expect(missingSlots({}, true)).toEqual(['party_size', 'date', 'time', 'name'])
    expect(missingSlots({ date: '2026-12-01', name: 'Ana' }, false)).toEqual(['party_size', 'time', 'phone'])
    expect(
      missingSlots({ party_size: 2, date: '2026-12-01', time: '19:00', name: 'Ana', phone: '+6598207272' }, false),
    ).toEqual([])
  })
})
