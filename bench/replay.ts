/**
 * Real reservations through HTTP, in the order they were made, with an oracle that checks every answer.
 *
 *     npm run replay -- FILE [--restaurants 20] [--clients 16] [--seed N]
 */
import { main } from './replay/main.ts'

process.exitCode = await main(process.argv.slice(2))
