import * as z from 'zod'
import { endpoint, type Endpoint } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import { listMessages } from './list.ts'
import { previewMessage } from './preview.ts'
import { resendMessage } from './resend.ts'
import {
  Message,
  MessageFilter,
  MessageLanguage,
  NewTemplate,
  Preview,
  PreviewInput,
  ResendInput,
  Template,
  TemplateName,
} from './schema.ts'
import { listTemplates, putTemplate, removeTemplate } from './templates.ts'

const tag = 'Messages'

export const messageEndpoints: Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/messages',
    scope: 'reservations:read',
    tag,
    summary: 'What was, is or will be sent to guests, newest first',
    query: MessageFilter,
    answer: z.array(Message),
    run: (ctx, { query }) => listMessages(ctx, query),
  }),
  endpoint({
    method: 'post',
    path: '/messages/preview',
    scope: 'reservations:read',
    tag,
    summary: 'How a message would look, with words that are not kept yet',
    body: PreviewInput,
    answer: Preview,
    run: (ctx, { body }) => previewMessage(ctx, body),
  }),
  endpoint({
    method: 'post',
    path: '/messages/:id/resend',
    scope: 'reservations:write',
    tag,
    summary: 'Sends the same once more, telling what is so now',
    params: z.strictObject({ id: Id }),
    body: ResendInput.default({}),
    answer: Message,
    status: 201,
    creates: true,
    run: (ctx, { params, body, if_match, once }) => resendMessage(ctx, params.id, body.version ?? if_match, once),
  }),
  endpoint({
    method: 'get',
    path: '/message-templates',
    scope: 'settings:read',
    tag,
    summary: 'The words of every kind of message, the house’s own where it has some',
    query: z.strictObject({ language: MessageLanguage.default('en') }),
    answer: z.array(Template),
    run: (ctx, { query }) => listTemplates(ctx, query.language),
  }),
  endpoint({
    method: 'put',
    path: '/message-templates/:kind/:channel/:language',
    scope: 'settings:write',
    tag,
    summary: 'The house’s own words for one kind, channel and language',
    params: TemplateName,
    body: NewTemplate,
    answer: Template,
    run: (ctx, { params, body, if_match, once }) => putTemplate(ctx, params, body, if_match, once),
  }),
  endpoint({
    method: 'delete',
    path: '/message-templates/:kind/:channel/:language',
    scope: 'settings:write',
    tag,
    summary: 'The usual words again',
    params: TemplateName,
    answer: Template,
    run: (ctx, { params, once }) => removeTemplate(ctx, params, once),
  }),
]
