-- settle_budget: put the claims of all events right, from the settings that are in force. A claim younger than graceMs
-- belongs to a change that may not be in those settings yet: it is left as it is, unless the settings say more.
-- include now_us int
-- KEYS[1] budget      hash    event:<id> -> "micro at-ms"
-- ARGV[1] claims      json    event -> highest refill from now on, micro-tokens a second; of every event that may admit
-- ARGV[2] graceMs     int     ms
-- ARGV[3] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"settled", how many were put right}
-- COST    O(events)
local claims, changed = cjson.decode(ARGV[1]), 0
local now_ms = math.floor(now_us(ARGV[3]) / 1000)
local young_ms = now_ms - tonumber(ARGV[2])
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do
  if flat[i]:sub(1, 6) == 'event:' then
    local event, micro, at = flat[i]:sub(7), flat[i + 1]:match('^(%d+) (%d+)$')
    local wanted = claims[event]
    claims[event] = nil
    micro, at = tonumber(micro), tonumber(at)
    if wanted ~= micro and (at <= young_ms or (wanted or 0) > micro) then
      changed = changed + 1
      -- An old time: what the settings say is not a claim under way.
      if wanted then redis.call('HSET', KEYS[1], flat[i], int(wanted) .. ' 0') else redis.call('HDEL', KEYS[1], flat[i]) end
    end
  end
end
for event, wanted in pairs(claims) do
  changed = changed + 1
  redis.call('HSET', KEYS[1], 'event:' .. event, int(wanted) .. ' 0')
end
return {'settled', changed}
