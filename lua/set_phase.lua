-- set_phase: pause, resume, open, drain, close an event, or write down the phase that time has made of it (advance).
-- The bucket stands still while paused: it is settled when the pause begins and its clock restarts at the end.
-- A change that is sent again gets the reply that it had.
-- include now_us int timed_value bucket event journal settings_entry changes
-- KEYS[1] meta        hash    phase, paused, revision
-- KEYS[2] bucket      hash    tokens, refilledAt, overflow, counted
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] turns       list    claim clocks; they restart after a pause
-- KEYS[5] journal     stream
-- KEYS[6] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] action      string  pause, resume, open, drain, close, advance
-- ARGV[3] ifRevision  int?    refuse unless this is the revision; empty = any
-- ARGV[4] deadlineMs  int     drain: close so long after now, ms; 0 = when empty
-- ARGV[5] changeId    string  the change's own id; empty = nobody's (advance)
-- ARGV[6] audit       json    who, why, what; empty = no record (advance)
-- ARGV[7] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"applied", revision, nowMs} | {"unchanged", revision} | {"conflict", revision} | {"fence", incarnation}
--         | {"absent"}
-- COST    O(settings)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local changes = read_changes(KEYS[1])
local before = find_change(changes, ARGV[5])
if before then return {'applied', before.revision, before.at} end
if ARGV[3] ~= '' and tonumber(ARGV[3]) ~= event.revision then return {'conflict', event.revision} end
local now = now_us(ARGV[7])
local now_ms = math.floor(now / 1000)
local action, phase = ARGV[2], phase_at(event, now_ms)

local wanted, paused, deadline = phase, event.paused, event.deadline
if action == 'pause' then paused = 1
elseif action == 'resume' then paused = 0
elseif action == 'open' then wanted = 'open'
elseif action == 'close' then wanted = 'closed'
elseif action == 'drain' then
  wanted = 'draining'
  deadline = tonumber(ARGV[4]) > 0 and now_ms + tonumber(ARGV[4]) or 0
elseif phase == 'draining' and event.waiting == 0 and redis.call('ZCARD', KEYS[3]) == 0 then wanted = 'closed' end
if wanted == event.phase and paused == event.paused and deadline == event.deadline then
  return {'unchanged', event.revision}
end

local bucket = read_bucket(KEYS[2], event, now)
write_bucket(KEYS[2], bucket.tokens, now, bucket.overflow)
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'changeId', ARGV[5], 'changes', with_change(changes, ARGV[5], event.revision + 1, now_ms))
end
if paused ~= event.paused then redis.call('DEL', KEYS[4]) end
redis.call('HSET', KEYS[1], 'phase', wanted, 'paused', paused, 'deadline', int(deadline), 'n', event.n + 1,
  'revision', event.revision + 1, 'changedAt', int(now_ms))
append_settings(KEYS[5], event.n + 1, bucket.tokens, now, settings_json(KEYS[1]))
if ARGV[6] ~= '' then redis.call('XADD', KEYS[6], 'MAXLEN', '~', 10000, '*', 'record', ARGV[6]) end
return {'applied', event.revision + 1, now_ms}
