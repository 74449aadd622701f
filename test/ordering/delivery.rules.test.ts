import { expect, test } from 'vitest'
import { retryDelayMs } from '../../local/qstash/retry-delay.ts'
import { mostAttempts, queueAfter, waitAfterMs } from '../../src/ordering/delivery-rules.ts'

test('R76 the waits: 30 s, 2 min, 8 min, 32 min, and no more', () => {
  expect([1, 2, 3, 4, 5, 6].map(waitAfterMs)).toEqual([30_000, 120_000, 480_000, 1_920_000, null, null])
})

test('R76 whichever attempt fails first, QStash is asked for exactly the rest, at exactly their times', () => {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const queued = queueAfter(attempt)
    if (!queued) {
      expect(attempt).toBe(mostAttempts)
      continue
    }
    const waits = [queued.delay_seconds * 1000]
    for (let retried = 0; retried < queued.retries; retried++)
      waits.push(retryDelayMs(queued.retry_delay ?? '', retried))
    const wanted = [30_000, 120_000, 480_000, 1_920_000].slice(attempt - 1)
    expect(waits).toEqual(wanted)
    expect(queued.first_attempt).toBe(attempt + 1)
    // QStash's smallest plan allows three.
    expect(queued.retries).toBeLessThanOrEqual(3)
  }
})
