import { type Connection, routePartykitRequest, Server } from 'partyserver'

type Command = { line_id: string; qty: number; version: number; request_id: string }

/**
 * The least that a room of phones can be: who says something is heard by all. It checks nothing and keeps nothing; what
 * it sends is to the byte as long as what a table sends of the same command.
 */
export class Room extends Server {
  static override options = { hibernate: true }
  private version = 0

  override onMessage(_from: Connection, message: string | ArrayBuffer | ArrayBufferView): void {
    const said: Command = JSON.parse(typeof message === 'string' ? message : '{}')
    this.version += 1
    const line = {
      id: said.line_id,
      member_id: said.line_id,
      menu_item_id: said.line_id,
      variant_id: null,
      modifiers: [],
      qty: said.qty,
      note: null,
      acknowledged: [],
      version: said.version + 1,
      name: 'Soup',
      unit_price_minor: 900,
      allergens: ['celery'],
      sold_out: false,
    }
    const update = {
      type: 'cart_update',
      op: 'update',
      cart_version: this.version,
      cart_hash: '0'.repeat(64),
      line,
      by: said.line_id,
      request_id: said.request_id,
      seq: this.version,
    }
    this.broadcast(JSON.stringify(update))
  }
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response(null, { status: 404 })
  },
} satisfies ExportedHandler<Cloudflare.Env>
