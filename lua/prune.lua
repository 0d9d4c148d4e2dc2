-- prune: forget, in bounded steps, what no answer needs any more: people whose places ended (not while they could be given
-- back), passes that can no longer be repeated, old admission counts, batches of senders long gone, claim clocks of people
-- who came back, tombs after their time, questions a minute old, notes a day old.
-- include now_us int timed_value event line tombs rejoin_chain
-- KEYS[1] meta        hash    pruneCursor, job, tombsUntil
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] ended       string  2 bits a seq
-- KEYS[5] people      hash    digest -> seq, joined ms, body hash
-- KEYS[6] granted     zset    seq -> granted ms
-- KEYS[7] admits      hash    10 s slot -> admissions
-- KEYS[8] senders     hash    sender -> its last batch and reply
-- KEYS[9] returned    zset    seq -> back since ms
-- KEYS[10] tombs      hash    places that can be given back
-- KEYS[11] rejoined   hash    who joined again; dropped with the last tomb
-- KEYS[12] answers    hash    askId -> asked ms, and what was answered
-- KEYS[13] notes      hash    noteId -> noted ms
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] repeatMs    int     how long an enter can be repeated, ms
-- ARGV[3] limit       int     people to look at, 1..500
-- ARGV[4] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"pruned", people} | {"fence", incarnation} | {"absent"}
-- COST    O(limit + admission slots + senders + answers + notes), once for each tomb also O(places / 500)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local now_ms = math.floor(now_us(ARGV[4]) / 1000)

redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', int(now_ms - tonumber(ARGV[2])))
redis.call('ZREMRANGEBYSCORE', KEYS[9], '-inf', int(now_ms - event.claimMs - 60000))
local oldest_slot = math.floor(now_ms / 10000) - 91
for _, slot in ipairs(redis.call('HKEYS', KEYS[7])) do
  if tonumber(slot) < oldest_slot then redis.call('HDEL', KEYS[7], slot) end
end
local senders = redis.call('HGETALL', KEYS[8])
for i = 1, #senders, 2 do
  if cmsgpack.unpack(senders[i + 1])[3] < now_ms - 600000 then redis.call('HDEL', KEYS[8], senders[i]) end
end

-- A tomb whose time is over goes, with all blocks that there may be; not under a job that works on it.
local function prune_tombs()
  local tombs, kept, last_block = read_tombs(KEYS[10]), {}, math.floor(event.seq / TOMB_BLOCK)
  for _, tomb in ipairs(tombs) do
    if tomb.till <= now_ms then
      for from = 0, last_block, 500 do
        local fields = {}
        for block = from, math.min(from + 499, last_block) do fields[#fields + 1] = tomb.id .. ':' .. int(block) end
        redis.call('HDEL', KEYS[10], unpack(fields))
      end
    else
      kept[#kept + 1] = tomb
    end
  end
  if #kept < #tombs then write_tombs(KEYS[10], KEYS[1], kept) end
  if #kept == 0 then redis.call('UNLINK', KEYS[11]) end
end
if event.tombsUntil > 0 and event.job == '' then prune_tombs() end

local asked = {}
local answers = redis.call('HKEYS', KEYS[12])
for _, name in ipairs(answers) do
  local id = string.match(name, '^[^:]+')
  if asked[id] == nil then asked[id] = now_ms - tonumber(redis.call('HGET', KEYS[12], id) or '0') < 60000 end
  if not asked[id] then redis.call('HDEL', KEYS[12], name) end
end
local notes = redis.call('HGETALL', KEYS[13])
for i = 1, #notes, 2 do
  if now_ms - tonumber(notes[i + 1]) >= 86400000 then redis.call('HDEL', KEYS[13], notes[i]) end
end

local cursor = redis.call('HGET', KEYS[1], 'pruneCursor') or '0'
local page = redis.call('HSCAN', KEYS[5], cursor, 'COUNT', ARGV[3])
local gone = {}
for i = 1, #page[2], 2 do
  local seq = struct.unpack('>I5', page[2][i + 1])
  local kept = is_live(KEYS[2], KEYS[3], seq)
  if not kept and event.tombsUntil > 0 then kept = ended_as(KEYS[4], seq) == EXPIRED or is_rejoin(KEYS[11], seq) end
  if not kept then gone[#gone + 1] = page[2][i] end
end
for _, digest in ipairs(gone) do redis.call('HDEL', KEYS[5], digest) end
redis.call('HSET', KEYS[1], 'pruneCursor', page[1])
return {'pruned', #gone}
