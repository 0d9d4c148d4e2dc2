-- end_hpa: ends what begin_hpa began: the audit record and what is held are written with it, once for a change, and the
-- lease is free. One that was done after its lease had gone to somebody else is written down all the same.
-- include now_us int changes
-- KEYS[1] hpa       hash    revision, changes, intentId, intent, owner, leaseUntil, hold
-- KEYS[2] audit     stream  records of what belongs to no single event, and copies of the events' own
-- ARGV[1] changeId  string  the change's own id
-- ARGV[2] audit     json?   who, why, what; empty = nothing was changed
-- ARGV[3] hold      json?   the floor that is held from now on; - = none; empty = as before
-- ARGV[4] nowUs     int?    µs; empty = Redis clock
-- RETURNS {"ended", revision}
-- COST    O(1)
local changes = read_changes(KEYS[1])
local before = find_change(changes, ARGV[1])
if redis.call('HGET', KEYS[1], 'intentId') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'intentId', 'intent', 'owner', 'leaseUntil')
end
if before then return {'ended', before.revision} end
local revision = tonumber(redis.call('HGET', KEYS[1], 'revision') or '0')
if ARGV[2] == '' then return {'ended', revision} end
local now_ms = math.floor(now_us(ARGV[4]) / 1000)
redis.call('HSET', KEYS[1], 'revision', revision + 1, 'changes', with_change(changes, ARGV[1], revision + 1, now_ms))
if ARGV[3] == '-' then
  redis.call('HDEL', KEYS[1], 'hold')
elseif ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'hold', ARGV[3])
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 100000, '*', 'record', ARGV[2], 'revision', revision + 1, 'at', int(now_ms))
return {'ended', revision + 1}
