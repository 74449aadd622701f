const functions = new Map<string, { least: number; most: number; run: (...values: number[]) => number }>([
  ['pow', { least: 2, most: 2, run: Math.pow }],
  ['sqrt', { least: 1, most: 1, run: Math.sqrt }],
  ['abs', { least: 1, most: 1, run: Math.abs }],
  ['exp', { least: 1, most: 1, run: Math.exp }],
  ['floor', { least: 1, most: 1, run: Math.floor }],
  ['ceil', { least: 1, most: 1, run: Math.ceil }],
  ['round', { least: 1, most: 1, run: Math.round }],
  ['min', { least: 1, most: Infinity, run: Math.min }],
  ['max', { least: 1, most: Infinity, run: Math.max }],
])

/**
 * The value of an `Upstash-Retry-Delay` in milliseconds; `retried` is 0 before the first retry.
 * The grammar is what QStash documents, no more: numbers, `retried`, + - * / %, brackets and the functions above.
 * Throws on anything else.
 */
export function retryDelayMs(expression: string, retried: number): number {
  const words = expression.match(/\d+(?:\.\d+)?|[a-z]\w*|\S/gi) ?? []
  let at = 0

  function take(...wanted: string[]): string | undefined {
    const word = words[at]
    if (word === undefined || !wanted.includes(word)) return undefined
    at++
    return word
  }

  function expect(word: string): void {
    if (!take(word)) throw invalid(expression)
  }

  function sum(): number {
    let value = product()
    for (let sign = take('+', '-'); sign; sign = take('+', '-')) {
      const next = product()
      value = sign === '+' ? value + next : value - next
    }
    return value
  }

  function product(): number {
    let value = factor()
    for (let sign = take('*', '/', '%'); sign; sign = take('*', '/', '%')) {
      const next = factor()
      value = sign === '*' ? value * next : sign === '/' ? value / next : value % next
    }
    return value
  }

  function factor(): number {
    if (take('-')) return -factor()
    if (take('(')) {
      const value = sum()
      expect(')')
      return value
    }
    const word = words[at++] ?? ''
    if (/^\d/.test(word)) return Number(word)
    return word === 'retried' ? retried : call(word)
  }

  function call(name: string): number {
    const known = functions.get(name)
    if (!known) throw invalid(expression)
    expect('(')
    const values = [sum()]
    while (take(',')) values.push(sum())
    expect(')')
    if (values.length < known.least || values.length > known.most) throw invalid(expression)
    return known.run(...values)
  }

  const value = sum()
  if (at < words.length || Number.isNaN(value)) throw invalid(expression)
  return value
}

function invalid(expression: string): Error {
  return new Error(`invalid retry delay expression: ${expression}`)
}
