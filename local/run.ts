import { join } from 'node:path'
import { demoPassword } from '../src/access/password-rules.ts'
import { seedDemo } from './demo.ts'
import { readFrom } from './process.ts'
import { startStack, type Stack } from './stack.ts'

/** Runs the whole until Ctrl-C, with its data in .local/. */
export async function run(root: string): Promise<void> {
  const began = performance.now()
  const port = Number(process.env['PORT'] || 8787)
  let signals = 0
  // Met once all is up, so that all is stopped in order; whoever asks twice does not want to wait for that.
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => (++signals > 1 ? process.exit(130) : resolve()))
    }
  })
  try {
    const stack = await startStack({
      directory: join(root, '.local'),
      ports: { postgres: 54_329, services: 8788, worker: port },
      bindings: { PUBLIC_ORIGIN: `http://localhost:${port}` },
      cron: true,
      say: (line) => console.log(line),
    })
    try {
      const till_url = `${stack.control_origin}/pos/orders`
      await seedDemo(stack.database_url, stack.bindings['SEALING_KEY'] ?? '', new Date(), till_url)
      welcome(stack, port, Math.round(performance.now() - began))
      const unfollow = follow(stack.worker.log_file)
      await interrupted
      unfollow()
      console.log('\nStopping…')
    } finally {
      await stack.stop()
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
  process.exit(0)
}

function welcome({ database_url, control_origin }: Stack, port: number, took_ms: number): void {
  const origin = `http://localhost:${port}`
  console.log(`
Tableside runs (after ${(took_ms / 1000).toFixed(1)} s).

  Worker          ${origin}
  local services  ${control_origin.replace('127.0.0.1', 'localhost')}   control API, mail, text messages, kitchen tickets
  PostgreSQL      ${database_url}

  API keys        tsk_local_platform    the platform
                  tsk_local_chianti     Chianti, Singapore
                  tsk_local_osteria     Osteria, New York
  Staff           owner@, manager@, host@, server@, kitchen@chianti.test or osteria.test
                  password ${demoPassword}
  API to read     ${origin}/docs

Try:  curl -H 'Authorization: Bearer tsk_local_chianti' '${origin}/api/availability?date=${nextWeek()}&guests=2'

Ctrl-C stops everything; the data stays in .local/.
`)
}

function nextWeek(): string {
  return new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10)
}

/** Prints what the Worker logs, as it comes. */
function follow(log_file: string): () => void {
  let position = 0
  const print = () => {
    const text = readFrom(log_file, position)
    position += Buffer.byteLength(text)
    if (text) process.stderr.write(text)
  }
  const timer = setInterval(print, 300)
  return () => {
    clearInterval(timer)
    print()
  }
}
