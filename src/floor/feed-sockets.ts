import * as z from 'zod'
import { ObjectSockets } from '../platform/sockets.ts'
import { Console, type Sees } from './feed-schema.ts'

/** A console; kept with its socket while the object sleeps. */
const Attachment = Console.extend({
  heard_at: z.number(),
  /** Whether it has had its beginning; until then it hears nothing. */
  begun: z.boolean(),
})
export type Attachment = z.infer<typeof Attachment>

/** The consoles of a restaurant, found by their connection and by whose they are. Each hears what it may see. */
export class FeedSockets extends ObjectSockets<Attachment, Record<Sees, string>> {
  constructor(ctx: DurableObjectState, opsPerSecond: number) {
    super(ctx, {
      attachment: Attachment,
      opsPerSecond,
      textFor: (texts, who) => (who.begun ? texts[who.sees] : null),
    })
  }

  open(socket: WebSocket, console: Console, now: number): void {
    const { id, tags } = console
    this.accept(socket, { ...console, heard_at: now, begun: false }, [`id:${id}`, ...tags])
  }
  connection(id: string): WebSocket | undefined {
    return this.of(`id:${id}`)[0]
  }
  begin(socket: WebSocket, who: Attachment): void {
    this.know(socket, { ...who, begun: true })
  }
}
