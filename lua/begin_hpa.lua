-- begin_hpa: takes the one lease under which the autoscaler is changed, and notes what is about to be done, so that
-- whoever comes after a process that died can tell and finish it. Nothing is changed in the cluster without it.
-- include now_us int changes
-- KEYS[1] hpa         hash    revision, changes, intentId, intent, owner, leaseUntil, hold
-- ARGV[1] owner       string  process that asks
-- ARGV[2] changeId    string  the change's own id
-- ARGV[3] ifRevision  int?    refuse unless this is the revision (0 = never changed); empty = any
-- ARGV[4] intent      json    what is about to be done
-- ARGV[5] leaseMs     int     for how long nobody else may
-- ARGV[6] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"begun", revision} | {"done", revision} | {"conflict", revision} | {"busy", ms left}
--   | {"open", intent}: an earlier one was left open; its lease is the caller's now, and it is to be ended first
-- COST    O(1)
local changes = read_changes(KEYS[1])
local before = find_change(changes, ARGV[2])
if before then return {'done', before.revision} end
local now_ms = math.floor(now_us(ARGV[6]) / 1000)
local held = redis.call('HMGET', KEYS[1], 'revision', 'intent', 'owner', 'leaseUntil')
local left = tonumber(held[4] or '0') - now_ms
if held[2] and left > 0 and held[3] ~= ARGV[1] then return {'busy', left} end
local lease = {'owner', ARGV[1], 'leaseUntil', int(now_ms + tonumber(ARGV[5]))}
if held[2] then
  redis.call('HSET', KEYS[1], unpack(lease))
  return {'open', held[2]}
end
local revision = tonumber(held[1] or '0')
if ARGV[3] ~= '' and tonumber(ARGV[3]) ~= revision then return {'conflict', revision} end
redis.call('HSET', KEYS[1], 'intentId', ARGV[2], 'intent', ARGV[4], unpack(lease))
return {'begun', revision}
