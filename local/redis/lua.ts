import { fengari, type LuaState } from './fengari.ts'
import { prelude } from './prelude.ts'
import { RedisError, type Reply } from './reply.ts'

const { lua, lauxlib, lualib, to_luastring, to_jsstring } = fengari

/** One Lua state for all scripts; each text is compiled once. `call` does a Redis command for `redis.call`. */
export class Lua {
  readonly #state: LuaState = lauxlib.luaL_newstate()
  readonly #compiled = new Map<string, number>()
  readonly #call: (words: string[]) => Reply
  #running = false

  constructor(call: (words: string[]) => Reply) {
    this.#call = call
    const state = this.#state
    lauxlib.luaL_requiref(state, to_luastring('_G'), lualib.luaopen_base, true)
    lauxlib.luaL_requiref(state, to_luastring('string'), lualib.luaopen_string, true)
    lauxlib.luaL_requiref(state, to_luastring('table'), lualib.luaopen_table, true)
    lauxlib.luaL_requiref(state, to_luastring('math'), lualib.luaopen_math, true)
    lua.lua_createtable(state, 0, 2)
    lua.lua_pushcfunction(state, () => this.#redisCall(true))
    lua.lua_setfield(state, -2, to_luastring('call'))
    lua.lua_pushcfunction(state, () => this.#redisCall(false))
    lua.lua_setfield(state, -2, to_luastring('pcall'))
    lua.lua_setglobal(state, to_luastring('redis'))
    lauxlib.luaL_loadstring(state, to_luastring(prelude))
    this.#execute()
    lua.lua_settop(state, 0)
  }

  run(sha: string, source: string, keys: string[], args: string[]): Reply {
    const state = this.#state
    if (this.#running) throw new RedisError('ERR This Redis command is not allowed from script')
    this.#running = true
    try {
      this.#pushStrings(keys)
      lua.lua_setglobal(state, to_luastring('KEYS'))
      this.#pushStrings(args)
      lua.lua_setglobal(state, to_luastring('ARGV'))
      lua.lua_rawgeti(state, lua.LUA_REGISTRYINDEX, this.#compile(sha, source))
      this.#execute()
      return this.#read(-1)
    } finally {
      this.#running = false
      lua.lua_settop(state, 0)
    }
  }

  /** The registry's number of the compiled script. Upstash's flags in the shebang line are no Lua. */
  #compile(sha: string, source: string): number {
    const known = this.#compiled.get(sha)
    if (known !== undefined) return known
    const status = lauxlib.luaL_loadstring(this.#state, to_luastring(source.replace(/^#![^\n]*/, '')))
    if (status !== lua.LUA_OK) throw new RedisError(`ERR Error compiling script: ${this.#text(-1)}`)
    const reference = lauxlib.luaL_ref(this.#state, lua.LUA_REGISTRYINDEX)
    this.#compiled.set(sha, reference)
    return reference
  }

  /** Runs the function on top of the stack and leaves its one result there. */
  #execute(): void {
    if (lua.lua_pcall(this.#state, 0, 1, 0) === lua.LUA_OK) return
    if (lua.lua_type(this.#state, -1) === lua.LUA_TTABLE) this.#read(-1)
    throw new RedisError(`ERR Error running script: ${this.#text(-1)}`)
  }

  /** `redis.call` raises what Redis refuses, `redis.pcall` answers it as `{err = …}`. */
  #redisCall(raise: boolean): number {
    const state = this.#state
    try {
      const words = Array.from({ length: lua.lua_gettop(state) }, (_, index) => this.#word(index + 1))
      this.#push(this.#call(words))
      return 1
    } catch (error) {
      if (!(error instanceof RedisError)) throw error
      lua.lua_createtable(state, 0, 1)
      lua.lua_pushstring(state, to_luastring(error.message))
      lua.lua_setfield(state, -2, to_luastring('err'))
    }
    return raise ? lua.lua_error(state) : 1
  }

  #word(index: number): string {
    const kind = lua.lua_type(this.#state, index)
    if (kind === lua.LUA_TNUMBER) return String(lua.lua_tonumber(this.#state, index))
    if (kind === lua.LUA_TSTRING) return this.#text(index)
    throw new RedisError('ERR Lua redis lib command arguments must be strings or integers')
  }

  #text(index: number): string {
    const bytes = lua.lua_tostring(this.#state, index)
    return bytes === null ? '' : to_jsstring(bytes, undefined, undefined, true)
  }

  #pushStrings(texts: string[]): void {
    lua.lua_createtable(this.#state, texts.length, 0)
    for (const [index, text] of texts.entries()) {
      lua.lua_pushstring(this.#state, to_luastring(text))
      lua.lua_rawseti(this.#state, -2, index + 1)
    }
  }

  /** A reply as Lua sees it: null is `false`, a status a table with `ok`. */
  #push(reply: Reply): void {
    const state = this.#state
    if (reply === null) lua.lua_pushboolean(state, false)
    else if (typeof reply === 'number') lua.lua_pushnumber(state, reply)
    else if (typeof reply === 'string') lua.lua_pushstring(state, to_luastring(reply))
    else if (Array.isArray(reply)) {
      lua.lua_createtable(state, reply.length, 0)
      for (const [index, one] of reply.entries()) {
        this.#push(one)
        lua.lua_rawseti(state, -2, index + 1)
      }
    } else {
      lua.lua_createtable(state, 0, 1)
      lua.lua_pushstring(state, to_luastring(reply.status))
      lua.lua_setfield(state, -2, to_luastring('ok'))
    }
  }

  /** What a script's value is on the wire: a number loses its fraction, `false` is null, a list ends at its first nil. */
  #read(index: number): Reply {
    const state = this.#state
    const at = lua.lua_absindex(state, index)
    switch (lua.lua_type(state, at)) {
      case lua.LUA_TNUMBER:
        return Math.trunc(lua.lua_tonumber(state, at))
      case lua.LUA_TSTRING:
        return this.#text(at)
      case lua.LUA_TBOOLEAN:
        return lua.lua_toboolean(state, at) ? 1 : null
      case lua.LUA_TTABLE:
        return this.#readTable(at)
      default:
        return null
    }
  }

  #readTable(at: number): Reply {
    const state = this.#state
    const problem = this.#field(at, 'err')
    if (problem !== null) throw new RedisError(problem)
    const status = this.#field(at, 'ok')
    if (status !== null) return { status }
    const items: Reply[] = []
    while (lua.lua_rawgeti(state, at, items.length + 1) !== lua.LUA_TNIL) {
      items.push(this.#read(-1))
      lua.lua_pop(state, 1)
    }
    lua.lua_pop(state, 1)
    return items
  }

  #field(table: number, name: string): string | null {
    const kind = lua.lua_getfield(this.#state, table, to_luastring(name))
    const text = kind === lua.LUA_TSTRING ? this.#text(-1) : null
    lua.lua_pop(this.#state, 1)
    return text
  }
}
