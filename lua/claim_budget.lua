-- claim_budget: take an event's share of the budget that all events have together, so that of two rises at once the
-- second one sees the first. What is not higher than the event's claim so far always passes; override passes too.
-- include now_us int
-- KEYS[1] budget      hash    perSec, event:<id> -> "micro at-ms"
-- ARGV[1] event       string
-- ARGV[2] refill      int     highest refill of the event from now on, micro-tokens a second; 0 = gives its share back
-- ARGV[3] default     int?    budget where none has ever been set, micro; empty = none
-- ARGV[4] override    int     1 = beyond the budget too
-- ARGV[5] expect      int?    take a claim back: only if it still is this one; empty = whatever it is
-- ARGV[6] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"claimed" | "over" | "other", claim before, claims of the others, budget or -1}
-- COST    O(events)
local flat = redis.call('HGETALL', KEYS[1])
local per_sec, before, others = ARGV[3], 0, 0
for i = 1, #flat, 2 do
  if flat[i] == 'perSec' then per_sec = flat[i + 1]
  elseif flat[i]:sub(1, 6) == 'event:' then
    local claim = tonumber(flat[i + 1]:match('^%d+'))
    if flat[i]:sub(7) == ARGV[1] then before = claim else others = others + claim end
  end
end
local refill, budget = tonumber(ARGV[2]), tonumber(per_sec) or -1
assert(refill >= 0 and refill % 1 == 0, 'not a whole number')
if ARGV[5] ~= '' and tonumber(ARGV[5]) ~= before then return {'other', before, others, budget} end
if budget >= 0 and refill > before and others + refill > budget and ARGV[4] ~= '1' then
  return {'over', before, others, budget}
end
-- Kept with its time: whoever reckons claims anew from settings read before must not undo this one.
local now_ms = math.floor(now_us(ARGV[6]) / 1000)
redis.call('HSET', KEYS[1], 'event:' .. ARGV[1], ARGV[2] .. ' ' .. int(now_ms))
return {'claimed', before, others, budget}
