-- prune: forget, in bounded steps, what no answer needs any more: people whose places ended, passes that can no
-- longer be repeated, old admission counts, batches of senders long gone, claim clocks of people who came back.
-- include now_us int timed_value event line
-- KEYS[1] meta        hash    pruneCursor
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] people      hash    digest -> seq, joined ms, body hash
-- KEYS[5] granted     zset    seq -> granted ms
-- KEYS[6] admits      hash    10 s slot -> admissions
-- KEYS[7] senders     hash    sender -> its last batch and reply
-- KEYS[8] returned    zset    seq -> back since ms
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] repeatMs    int     how long an enter can be repeated, ms
-- ARGV[3] limit       int     people to look at, 1..500
-- ARGV[4] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"pruned", people} | {"fence", incarnation} | {"absent"}
-- COST    O(limit + admission slots + senders)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local now_ms = math.floor(now_us(ARGV[4]) / 1000)

redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', int(now_ms - tonumber(ARGV[2])))
redis.call('ZREMRANGEBYSCORE', KEYS[8], '-inf', int(now_ms - event.claimMs - 60000))
local oldest_slot = math.floor(now_ms / 10000) - 91
for _, slot in ipairs(redis.call('HKEYS', KEYS[6])) do
  if tonumber(slot) < oldest_slot then redis.call('HDEL', KEYS[6], slot) end
end
local senders = redis.call('HGETALL', KEYS[7])
for i = 1, #senders, 2 do
  if cmsgpack.unpack(senders[i + 1])[3] < now_ms - 600000 then redis.call('HDEL', KEYS[7], senders[i]) end
end

local cursor = redis.call('HGET', KEYS[1], 'pruneCursor') or '0'
local page = redis.call('HSCAN', KEYS[4], cursor, 'COUNT', ARGV[3])
local gone = {}
for i = 1, #page[2], 2 do
  local seq = struct.unpack('>I5', page[2][i + 1])
  if not is_live(KEYS[2], KEYS[3], seq) then gone[#gone + 1] = page[2][i] end
end
for _, digest in ipairs(gone) do redis.call('HDEL', KEYS[4], digest) end
redis.call('HSET', KEYS[1], 'pruneCursor', page[1])
return {'pruned', #gone}
