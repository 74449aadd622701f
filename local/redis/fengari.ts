import { createRequire } from 'node:module'

/** A state of the Lua machine: opaque to us. */
export type LuaState = { readonly lua_state: unique symbol }
type CFunction = (state: LuaState) => number

/** The part of fengari (a Lua 5.3 in JavaScript) that we use; it ships no types. Indexes count as in Lua's C API. */
export type Fengari = {
  to_luastring: (text: string) => Uint8Array
  to_jsstring: (bytes: Uint8Array, from?: number, to?: number, replaceBadUtf8?: boolean) => string
  lua: {
    LUA_OK: 0
    LUA_REGISTRYINDEX: number
    LUA_TNIL: number
    LUA_TBOOLEAN: number
    LUA_TNUMBER: number
    LUA_TSTRING: number
    LUA_TTABLE: number
    lua_absindex(state: LuaState, index: number): number
    lua_createtable(state: LuaState, items: number, fields: number): void
    lua_error(state: LuaState): never
    lua_getfield(state: LuaState, index: number, name: Uint8Array): number
    lua_gettop(state: LuaState): number
    lua_pcall(state: LuaState, args: number, results: number, handler: number): number
    lua_pop(state: LuaState, count: number): void
    lua_pushboolean(state: LuaState, value: boolean): void
    lua_pushcfunction(state: LuaState, run: CFunction): void
    lua_pushnumber(state: LuaState, value: number): void
    lua_pushstring(state: LuaState, text: Uint8Array): void
    lua_rawgeti(state: LuaState, index: number, at: number): number
    lua_rawseti(state: LuaState, index: number, at: number): void
    lua_setfield(state: LuaState, index: number, name: Uint8Array): void
    lua_setglobal(state: LuaState, name: Uint8Array): void
    lua_settop(state: LuaState, index: number): void
    lua_toboolean(state: LuaState, index: number): boolean
    lua_tonumber(state: LuaState, index: number): number
    lua_tostring(state: LuaState, index: number): Uint8Array | null
    lua_type(state: LuaState, index: number): number
  }
  lauxlib: {
    luaL_loadstring(state: LuaState, source: Uint8Array): number
    luaL_newstate(): LuaState
    luaL_ref(state: LuaState, table: number): number
    luaL_requiref(state: LuaState, name: Uint8Array, open: CFunction, global: boolean): void
  }
  lualib: Record<'luaopen_base' | 'luaopen_string' | 'luaopen_table' | 'luaopen_math', CFunction>
}

const require = createRequire(import.meta.url)

/**
 * Loads fengari so that a float without a fraction is written `5`, as Lua 5.1 does, not `5.0`: a compile-time
 * setting that it takes from the environment. Guarantee: the type above was written from its source.
 */
function loadFengari(): Fengari {
  const before = process.env.FENGARICONF
  process.env.FENGARICONF = JSON.stringify({ LUA_COMPAT_FLOATSTRING: true })
  try {
    const loaded: Fengari = require('fengari')
    return loaded
  } finally {
    if (before === undefined) delete process.env.FENGARICONF
    else process.env.FENGARICONF = before
  }
}

export const fengari = loadFengari()
