/**
 * Makes fengari's Lua 5.3 behave as the Lua 5.1 inside Redis: every number is a double (fengari's integers have
 * 32 bits, too few for milliseconds), the old names exist, and a global variable is an error, as Redis has it.
 */
export const prelude = `
  unpack, loadstring, math.pow = table.unpack, load, function(a, b) return a ^ b end
  local to_number, floor, ceil, format = tonumber, math.floor, math.ceil, string.format
  function tonumber(value, base)
    local number = to_number(value, base)
    return number and number + 0.0
  end
  function math.floor(number) return floor(number) + 0.0 end
  function math.ceil(number) return ceil(number) + 0.0 end
  function string.format(pattern, ...)
    return format((pattern:gsub('%%(%d*)d', '%%%1.0f')), ...)
  end
  function redis.status_reply(text) return { ok = text } end
  function redis.error_reply(text) return { err = text } end
  function redis.log() end
  redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING = 0, 1, 2, 3
  KEYS, ARGV = {}, {}
  dofile, loadfile, print = nil, nil, nil
  setmetatable(_G, {
    __newindex = function(_, name)
      error("Script attempted to set global variable '" .. tostring(name) .. "'", 2)
    end,
    __index = function(_, name)
      error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
    end,
  })
`
