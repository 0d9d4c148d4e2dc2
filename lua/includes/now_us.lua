-- now_us: Redis TIME as integer microseconds. TIME moves inside a script: read it once. Tests pass an override.
local function now_us(override)
  if override ~= '' then return tonumber(override) end
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
