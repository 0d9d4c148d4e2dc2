-- set_phase: pause, resume, open, drain, close an event, or write down the phase that time has made of it (advance).
-- The bucket stands still while paused: it is settled when the pause begins and its clock restarts at the end.
-- include now_us int timed_value bucket event line journal settings_entry
-- KEYS[1] meta        hash    phase, paused, revision
-- KEYS[2] bucket      hash    tokens, refilledAt
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] turns       list    claim clocks; they restart after a pause
-- KEYS[5] journal     stream
-- KEYS[6] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] action      string  pause, resume, open, drain, close, advance
-- ARGV[3] ifRevision  int?    refuse unless this is the revision; empty = any
-- ARGV[4] deadlineMs  int     drain: close so long after now, ms; 0 = when empty
-- ARGV[5] changeId    string  the change's own id
-- ARGV[6] audit       json    who, why, what; empty = no record (advance)
-- ARGV[7] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"applied", revision, nowMs} | {"unchanged", revision} | {"conflict", revision} | {"fence", incarnation}
--         | {"absent"}
-- COST    O(settings)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
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

local stored = redis.call('HMGET', KEYS[2], 'tokens', 'refilledAt')
local tokens = tonumber(stored[1])
if event.paused == 0 then tokens = settle(event.rates, tokens, tonumber(stored[2]), now) end
redis.call('HSET', KEYS[2], 'tokens', int(tokens), 'refilledAt', int(now))
if paused ~= event.paused then redis.call('DEL', KEYS[4]) end
redis.call('HSET', KEYS[1], 'phase', wanted, 'paused', paused, 'deadline', int(deadline), 'n', event.n + 1,
  'revision', event.revision + 1, 'changedAt', int(now_ms), 'changeId', ARGV[5])
append_settings(KEYS[5], event.n + 1, tokens, now, settings_json(KEYS[1]))
if ARGV[6] ~= '' then redis.call('XADD', KEYS[6], 'MAXLEN', '~', 10000, '*', 'record', ARGV[6]) end
return {'applied', event.revision + 1, now_ms}
