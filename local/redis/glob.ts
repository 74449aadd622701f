/** Redis's pattern of names (`*`, `?`, `[a-z]`, `[^x]`, `\*`) as a regular expression. */
export function glob(pattern: string): RegExp {
  const parts = pattern.match(/\\.|\[\^?(?:\\.|[^\]])*\]|[\s\S]/g) ?? []
  return new RegExp(`^${parts.map(translate).join('')}$`, 's')
}

function translate(part: string): string {
  if (part === '*') return '.*'
  if (part === '?') return '.'
  if (part.length > 1 && part.startsWith('[')) return part
  const literal = part.length > 1 && part.startsWith('\\') ? part.slice(1) : part
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
