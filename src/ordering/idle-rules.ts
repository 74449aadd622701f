/** R82. How long a table may be silent before its session is closed, in milliseconds. */
export function idleAfterMs(paid: boolean): number {
  return (paid ? 10 : 90) * 60_000
}
