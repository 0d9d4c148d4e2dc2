-- create_event: begin the life of an event with an empty line and a full bucket.
-- include now_us int journal settings_entry revision
-- KEYS[1] meta        hash    everything but the line
-- KEYS[2] bucket      hash    tokens, refilledAt, overflow
-- KEYS[3] versions    hash    revision -> settings
-- KEYS[4] mark        string  alive; tells a lost event from a deleted one
-- KEYS[5] journal     stream
-- KEYS[6] audit       stream
-- ARGV[1] fields      json    flat object of meta fields as text
-- ARGV[2] tokens      int     micro-tokens to begin with
-- ARGV[3] audit       json    who, why, what
-- ARGV[4] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"created", nowMs} | {"exists"}
-- COST    O(fields)
if redis.call('EXISTS', KEYS[1]) == 1 then return {'exists'} end
local now = now_us(ARGV[4])
local now_ms = int(math.floor(now / 1000))
local fields = {}
for name, value in pairs(cjson.decode(ARGV[1])) do fields[#fields + 1], fields[#fields + 2] = name, value end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('HSET', KEYS[1], 'v', 1, 'epoch', 1, 'revision', 1, 'seq', 0, 'n', 1, 'waiting', 0, 'head', 0,
  'base', now_ms, 'createdAt', now_ms, 'lastAt', now_ms, 'graceAt', 0, 'changedAt', 0, 'returnedAt', 0)
redis.call('SET', KEYS[4], 'alive')
redis.call('HSET', KEYS[2], 'tokens', ARGV[2], 'refilledAt', int(now), 'overflow', 0)
local json = settings_json(KEYS[1])
append_settings(KEYS[5], 1, tonumber(ARGV[2]), now, json)
write_version(KEYS[3], 1, json)
write_audit(KEYS[6], ARGV[3], 1, now_ms)
return {'created', tonumber(now_ms)}
