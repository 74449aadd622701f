import { grammar, type Grammar, rule } from './grammar-rules.ts'

/** R210. Numbers that are neither a date nor a time nor a party: prices, addresses, table numbers, durations, ages. */
export const noiseGrammar: Grammar<true> = grammar<true>([
  rule('money n=num dot m=num', () => true),
  rule('money n=num', () => true),
  rule('n=num dot m=num money|unit', () => true),
  rule('n=num|a money|unit', (p) => (p['n']?.kind === 'num' ? true : null)),
  rule('hash n=num', () => true),
  rule('number_of hash? n=num', (p) => (p['number_of']?.gap === false && p['number_of'].start > 0 ? null : true)),
  rule('during n=num duration|hour', () => true),
  rule('in n=num|a|half duration', () => true),
  rule('including n=num|a people|child', () => true),
  // 1900 hours is a time.
  rule('<!colon n=num|half duration', (p) => ((p['n']?.digits ?? 0) < 3 ? true : null)),
  rule('n=num street', (p) => (p['street']?.gap ? true : null)),
  rule('n=num w=word street', (p) => (p['n']?.digits && p['w']?.capital ? true : null)),
  rule('n=num w=word x=word street', (p) => (p['n']?.digits && p['w']?.capital && p['x']?.capital ? true : null)),
  rule('n=ord street', (p) => (p['street']?.gap ? true : null)),
  rule('n=num|ord birthday', () => true),
  rule('table n=num !people|child|more|table|at', (p, { reading, from }) =>
    reading.language === 'en' && reading.tokens[from - 1]?.kind !== 'a' && (p['n']?.digits ?? 0) > 0 ? true : null,
  ),
])
