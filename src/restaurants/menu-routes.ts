import * as z from 'zod'
import { endpoint, type Endpoint, publicEndpoint } from '../platform/endpoint.ts'
import { Id, text } from '../platform/text.ts'
import { Integration, NewPos, NewVoice, VoiceVendor } from './integrations-schema.ts'
import { listIntegrations, putPos, removePos } from './integrations.ts'
import { IsOpen, isOpen } from './is-open.ts'
import { editMenuItem } from './menu-item.ts'
import { Menu, MenuItem, MenuItemEdit, NewMenu, ServedMenu } from './menu-schema.ts'
import { readMenu, replaceMenu, servedMenuFor } from './menu.ts'
import { TableNumber } from './schema.ts'
import { putVoice, removeVoice } from './voice-integrations.ts'

const RestaurantName = text(120).meta({ description: 'Its slug or its whole name, in any case' })

export const menuEndpoints: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/menu',
    scope: 'any',
    tag: 'Menu',
    summary: 'The whole menu, as it is kept',
    answer: Menu,
    run: (ctx) => readMenu(ctx),
  }),
  endpoint({
    method: 'put',
    path: '/menu',
    scope: 'settings:write',
    tag: 'Menu',
    summary: 'Replaces the menu; items keep their ids, and whether they are sold out',
    body: NewMenu,
    answer: Menu,
    run: (ctx, { body, if_match, once }) => replaceMenu(ctx, body, if_match, once),
  }),
  endpoint({
    method: 'patch',
    path: '/menu/items/:id',
    scope: 'orders:write',
    tag: 'Menu',
    summary: 'Sells an item out, counts its stock, takes it off the menu; every phone at a table is told',
    params: z.strictObject({ id: Id }),
    body: MenuItemEdit,
    answer: MenuItem,
    run: (ctx, { params, body, if_match, once }) => editMenuItem(ctx, params.id, body, if_match, once),
  }),
  publicEndpoint({
    method: 'get',
    path: '/menu',
    tag: 'Menu',
    summary: 'The menu as a guest may order from it now',
    description: 'Of the restaurant that is named, or of the session whose member asks.',
    query: z.strictObject({ restaurant_name: RestaurantName.optional(), session_id: Id.optional() }),
    answer: ServedMenu,
    run: (ctx, { query }) => servedMenuFor(ctx, query),
  }),
  publicEndpoint({
    method: 'get',
    path: '/is_open',
    tag: 'Table',
    summary: 'Whether something can be ordered at a table now',
    query: z.strictObject({ restaurant_name: RestaurantName, table_number: TableNumber }),
    answer: IsOpen,
    run: (ctx, { query }) => isOpen(ctx, query.restaurant_name, query.table_number),
  }),
  endpoint({
    method: 'get',
    path: '/integrations',
    scope: 'settings:read',
    tag: 'Integrations',
    summary: 'Lists what outside parties are connected, without their secrets',
    answer: z.array(Integration),
    run: (ctx) => listIntegrations(ctx),
  }),
  endpoint({
    method: 'put',
    path: '/integrations/pos',
    scope: 'settings:write',
    tag: 'Integrations',
    summary: 'Says how the POS is reached; its secrets are sealed and never shown again',
    body: NewPos,
    answer: Integration,
    run: (ctx, { body, if_match, once }) => putPos(ctx, body, if_match, once),
  }),
  endpoint({
    method: 'delete',
    path: '/integrations/pos',
    scope: 'settings:write',
    tag: 'Integrations',
    summary: 'Lets the POS go: orders stay with the house, its secrets are forgotten',
    answer: Integration,
    run: (ctx, { if_match, once }) => removePos(ctx, if_match, once),
  }),
  endpoint({
    method: 'put',
    path: '/integrations/voice/:vendor',
    scope: 'settings:write',
    tag: 'Integrations',
    summary: 'Lets a voice platform answer the telephone; its secrets are sealed and never shown again',
    params: z.strictObject({ vendor: VoiceVendor }),
    body: NewVoice,
    answer: Integration,
    run: (ctx, { params, body, if_match, once }) => putVoice(ctx, params.vendor, body, if_match, once),
  }),
  endpoint({
    method: 'delete',
    path: '/integrations/voice/:vendor',
    scope: 'settings:write',
    tag: 'Integrations',
    summary: 'Lets a voice platform answer the telephone no more; its secrets are forgotten',
    params: z.strictObject({ vendor: VoiceVendor }),
    answer: Integration,
    run: (ctx, { params, if_match, once }) => removeVoice(ctx, params.vendor, if_match, once),
  }),
]
