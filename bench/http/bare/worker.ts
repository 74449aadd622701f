import { Hono } from 'hono'

/** The least that this framework can answer on this runtime. */
const app = new Hono()
app.get('/', (c) => c.text('hello'))

export default app
