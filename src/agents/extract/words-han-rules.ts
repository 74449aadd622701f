const digits = '〇一二三四五六七八九'

/** 0 to 99 in Chinese characters, as 二十五 and 25 digit by digit never; `two` are further words for two. */
export function hanNumbers(two: string[]): string[] {
  return Array.from({ length: 100 }, (_, n) => {
    const [ten, unit] = [Math.floor(n / 10), n % 10]
    if (n === 0) return '〇|零'
    if (n === 2) return ['二', ...two].join('|')
    return `${ten > 1 ? digits.charAt(ten) : ''}${ten > 0 ? '十' : ''}${unit > 0 ? digits.charAt(unit) : ''}`
  })
}
