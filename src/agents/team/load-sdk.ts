import type * as sdk from './sdk.ts'

export type Sdk = typeof sdk

let loading: Promise<Sdk> | undefined

/** R260. Loaded when first somebody speaks with the team; tenths of a second, once an isolate. */
export function loadSdk(): Promise<Sdk> {
  loading ??= import('./sdk.ts').then((loaded) => {
    // What guests say goes to the house's model and to nobody's trace.
    loaded.setTracingDisabled(true)
    return loaded
  })
  return loading
}
