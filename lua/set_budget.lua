-- set_budget: change the budget that all events have together, if nobody changed it meanwhile; the audit record is
-- written with it. Sent again: same reply.
-- include now_us int changes
-- KEYS[1] budget      hash    perSec, revision, changes
-- KEYS[2] audit       stream  records of what belongs to no single event, and copies of the events' own
-- ARGV[1] perSec      int?    micro-tokens a second; empty = no budget
-- ARGV[2] ifRevision  int?    refuse unless this is the revision (0 = never set); empty = any
-- ARGV[3] changeId    string  the change's own id
-- ARGV[4] audit       json    who, why, what
-- ARGV[5] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"applied", revision, nowMs} | {"conflict", revision}
-- COST    O(1)
local changes = read_changes(KEYS[1])
local before = find_change(changes, ARGV[3])
if before then return {'applied', before.revision, before.at} end
local revision = tonumber(redis.call('HGET', KEYS[1], 'revision') or '0')
if ARGV[2] ~= '' and tonumber(ARGV[2]) ~= revision then return {'conflict', revision} end
if ARGV[1] ~= '' then assert(tonumber(ARGV[1]) > 0 and tonumber(ARGV[1]) % 1 == 0, 'not a whole number') end
local now_ms = math.floor(now_us(ARGV[5]) / 1000)
redis.call('HSET', KEYS[1], 'perSec', ARGV[1], 'revision', revision + 1,
  'changes', with_change(changes, ARGV[3], revision + 1, now_ms))
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 100000, '*', 'record', ARGV[4], 'revision', revision + 1, 'at', int(now_ms))
return {'applied', revision + 1, now_ms}
