import * as z from 'zod'

/** What the control API passes on to the process that started the services, since only it can do it. */
export const commands = ['postgres/kill', 'postgres/restart', 'worker/kill', 'worker/restart', 'worker/cron'] as const
export type Command = (typeof commands)[number]

/** Read by worker/cron alone: which trigger fires, and for which instant (now by default). */
export const CommandArgument = z.strictObject({ cron: z.string().optional(), time: z.iso.datetime().optional() })
export type CommandArgument = z.output<typeof CommandArgument>

export type OnCommand = (command: Command, argument: CommandArgument) => Promise<unknown>

export const ServicesOptions = z.object({
  /** 0 takes a free one. */
  port: z.int(),
  database: z.object({ host: z.string(), port: z.int() }),
})
export type ServicesOptions = z.output<typeof ServicesOptions>

export const FromChild = z.union([
  z.object({ listening: z.int() }),
  z.object({ failed: z.string() }),
  z.object({ id: z.int(), command: z.enum(commands), argument: CommandArgument }),
])
export type FromChild = z.output<typeof FromChild>

export const FromParent = z.object({ id: z.int(), result: z.unknown().optional(), error: z.string().optional() })
export type FromParent = z.output<typeof FromParent>
