const kinds = ['Amber', 'Brave', 'Calm', 'Clever', 'Cosy', 'Curious', 'Dapper', 'Gentle', 'Golden', 'Happy', 'Jolly']
  .concat(['Kind', 'Lively', 'Lucky', 'Mellow', 'Merry', 'Nimble', 'Plucky', 'Quiet', 'Rosy', 'Silver', 'Sunny'])
  .concat(['Swift', 'Tidy', 'Velvet', 'Warm', 'Wise', 'Witty', 'Zesty', 'Bright'])
const animals = ['Badger', 'Beaver', 'Crane', 'Dolphin', 'Falcon', 'Finch', 'Fox', 'Gecko', 'Hare', 'Hedgehog', 'Heron']
  .concat(['Ibis', 'Koala', 'Lark', 'Lynx', 'Magpie', 'Marmot', 'Mole', 'Newt', 'Otter', 'Owl', 'Panda', 'Puffin'])
  .concat(['Quail', 'Robin', 'Seal', 'Sparrow', 'Stork', 'Swan', 'Turtle', 'Wombat', 'Wren'])

/** So many friendly names, no two alike, the same for the same seed (a whole number). */
export function friendlyNames(seed: number, count: number): string[] {
  const all = kinds.length * animals.length
  // A step that shares no divisor with the number of names meets each of them once.
  const step = 367
  return Array.from({ length: Math.min(count, all) }, (_none, i) => {
    const n = (Math.abs(Math.trunc(seed)) + i * step) % all
    return `${kinds[n % kinds.length] ?? ''} ${animals[Math.floor(n / kinds.length)] ?? ''}`
  })
}
