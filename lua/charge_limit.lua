-- charge_limit: settle a token bucket that all gateways share and take what one of them has let through already.
-- May go into debt: what was let through on an older reading is paid back by whoever comes next. The debt has a floor,
-- lest one burst over many processes lock somebody out for long. The bucket was last full when the first of the
-- requests came, not when they are charged: else refill that they used would count as lost.
-- include now_us int
-- KEYS[1] limit       hash    tokens (micro), at (µs)
-- ARGV[1] used        int     requests let through since the last charge
-- ARGV[2] ageUs       int     how long ago the first of them was, µs
-- ARGV[3] perSec      int     refill, micro-tokens a second
-- ARGV[4] burst       int     most that the bucket holds, micro-tokens
-- ARGV[5] debt        int     most that it may owe, micro-tokens
-- ARGV[6] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"charged", tokens (micro)}
-- COST    O(1)
local now = now_us(ARGV[6])
local since = now - tonumber(ARGV[2])
local per_sec, burst = tonumber(ARGV[3]), tonumber(ARGV[4])
local stored = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(stored[1] or ARGV[4]), tonumber(stored[2] or int(since))
-- Redis clock was set back: the refill begins anew, else there were none until the clock has caught up.
if at > now then at = now end
if since > at then
  tokens = math.min(burst, tokens + math.floor((since - at) / 1000000 * per_sec))
  at = since
end
tokens = tokens + math.floor((now - at) / 1000000 * per_sec)
tokens = math.max(-tonumber(ARGV[5]), tokens - tonumber(ARGV[1]) * 1000000)
redis.call('HSET', KEYS[1], 'tokens', int(tokens), 'at', int(now))
redis.call('PEXPIRE', KEYS[1], math.max(1000, math.ceil((burst - tokens) / per_sec * 1000)))
return {'charged', int(tokens)}
