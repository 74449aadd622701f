import * as z from 'zod'

/** Whatever JSON can say. Not z.json(), which refers to itself: the generator of OpenAPI would follow it for ever. */
export const Json: z.ZodType<z.core.util.JSONType> = z.any()
