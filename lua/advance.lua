-- advance: write down what time has done to an event: opened, closed, ended a limited value or a message. Nobody's
-- change: a phase raises the revision, the end of a limited value or message does not, so that whoever looked at the
-- settings before it can still change or undo them.
-- include now_us int timed_value bucket event journal settings_entry revision time_passed
-- KEYS[1] meta        hash    phase, opensAt, deadline, refill, capacity, messageUntil
-- KEYS[2] bucket      hash    tokens, refilledAt, overflow, counted
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] versions    hash    revision -> settings
-- KEYS[5] journal     stream
-- KEYS[6] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"applied", revision, nowMs} | {"unchanged", revision} | {"fence", incarnation} | {"absent"}
-- COST    O(settings)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local now = now_us(ARGV[2])
local now_ms = math.floor(now / 1000)
local bucket = read_bucket(KEYS[2], event, now)
-- People who are being given back are in no line yet.
local empty = event.phase == 'draining' and event.job == '' and event.waiting == 0 and redis.call('ZCARD', KEYS[3]) == 0
local fields, records, phase_changed = time_passed(KEYS[1], event, now_ms, empty)
if #records == 0 then return {'unchanged', event.revision} end

local revision = event.revision
if phase_changed then
  revision = revision + 1
  fields[#fields + 1], fields[#fields + 2] = 'changedAt', int(now_ms)
end
write_bucket(KEYS[2], bucket.tokens, now, bucket.overflow)
redis.call('HSET', KEYS[1], 'revision', revision, 'n', event.n + 1, unpack(fields))
local json = settings_json(KEYS[1])
append_settings(KEYS[5], event.n + 1, bucket.tokens, now, json)
if phase_changed then write_version(KEYS[4], revision, json) end
write_records(KEYS[6], records, phase_changed and revision or 0)
return {'applied', revision, now_ms}
