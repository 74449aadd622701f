import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorsPage } from '../../local/errors-page.ts'
import { missingEntries } from '../../local/lock.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
].filter((name) => name.endsWith('.md'))

describe('what is written is so', () => {
  test('the page of errors is the list of problems', () => {
    expect(read('docs/errors.md')).toBe(errorsPage())
  })

  test('links within the docs lead somewhere', () => {
    expect(pages.length).toBeGreaterThan(10)
    for (const page of pages) {
      for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        expect(existsSync(join(root, dirname(page), target)), `${page} → ${target}`).toBe(true)
      }
    }
  })

  test('every rule that a test or a comment quotes is in the spec', () => {
    const spec = read('docs/spec.md')
    const numbers = new Set([...spec.matchAll(/\*\*R(\d+)\*\*/g)].map(([, number]) => number))
    const files = ['src', 'test'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    for (const file of files.filter((name) => name.endsWith('.ts'))) {
      for (const [, number] of read(file).matchAll(/\bR(\d{1,3})\b(?!FC)/g)) {
        expect(numbers.has(number), `${file} quotes R${number}`).toBe(true)
      }
    }
  })

  test('every script that the README names exists', () => {
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
    for (const page of pages)
      for (const [, script = ''] of read(page).matchAll(/npm run ([\w:-]+)/g)) expect(scripts, page).toContain(script)
  })
})

describe('the lock', () => {
  test('has an entry for every optional package, so that `npm ci` accepts it everywhere', () => {
    expect(missingEntries(JSON.parse(read('package-lock.json'))).map(([name]) => name)).toEqual([])
  })
})
