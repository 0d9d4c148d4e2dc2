-- set_phase: pause, resume, open, drain, keep (drain and pause) or close an event. What time has done before is written
-- down with it. The bucket stands still while paused: it is settled when the pause begins and its clock restarts at the
-- end. Whoever comes out of a closed event counts as not heard for a while. Sent again: same reply.
-- include now_us int timed_value bucket event journal settings_entry changes revision time_passed
-- KEYS[1] meta        hash    phase, paused, revision
-- KEYS[2] bucket      hash    tokens, refilledAt, overflow, counted
-- KEYS[3] turns       list    claim clocks; they restart after a pause
-- KEYS[4] versions    hash    revision -> settings
-- KEYS[5] journal     stream
-- KEYS[6] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] action      string  pause, resume, open, drain, keep, close
-- ARGV[3] ifRevision  int?    refuse unless this is the revision; empty = any
-- ARGV[4] deadlineMs  int     drain: close so long after now, ms; 0 = when empty
-- ARGV[5] message     text    close: what visitors see from now on; empty = as it is
-- ARGV[6] changeId    string  the change's own id
-- ARGV[7] audit       json    who, why, what; empty = no record
-- ARGV[8] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"applied", revision, nowMs} | {"unchanged", revision} | {"conflict", revision} | {"fence", incarnation}
--         | {"absent"}
-- COST    O(settings)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local changes = read_changes(KEYS[1])
local before = find_change(changes, ARGV[6])
if before then return {'applied', before.revision, before.at} end
if ARGV[3] ~= '' and tonumber(ARGV[3]) ~= event.revision then return {'conflict', event.revision} end
local now = now_us(ARGV[8])
local now_ms = math.floor(now / 1000)
local bucket = read_bucket(KEYS[2], event, now)
local fields, records = time_passed(KEYS[1], event, now_ms, false)

local action, phase = ARGV[2], event.phase
local wanted, paused, deadline, message = phase, event.paused, event.deadline, ''
if action == 'pause' then paused = 1
elseif action == 'resume' then paused = 0
elseif action == 'open' then wanted = 'open'
elseif action == 'close' then wanted, message = 'closed', ARGV[5]
else
  assert(action == 'drain' or action == 'keep', 'no such action')
  wanted = 'draining'
  deadline = tonumber(ARGV[4]) > 0 and now_ms + tonumber(ARGV[4]) or 0
  if action == 'keep' then paused = 1 end
end
local same_text = message == '' or message == redis.call('HGET', KEYS[1], 'message')
if wanted == phase and paused == event.paused and deadline == event.deadline and same_text then
  return {'unchanged', event.revision}
end

local function put(name, value) fields[#fields + 1], fields[#fields + 2] = name, value end
if ARGV[6] ~= '' then
  put('changeId', ARGV[6])
  put('changes', with_change(changes, ARGV[6], event.revision + 1, now_ms))
end
if message ~= '' then
  put('message', message)
  put('messageUntil', '0')
end
if phase == 'closed' and wanted ~= 'closed' then put('graceAt', int(now_ms)) end
if paused ~= event.paused then redis.call('DEL', KEYS[3]) end
local revision = event.revision + 1
write_bucket(KEYS[2], bucket.tokens, now, bucket.overflow)
redis.call('HSET', KEYS[1], 'n', event.n + 1, unpack(fields))
redis.call('HSET', KEYS[1], 'phase', wanted, 'paused', paused, 'deadline', int(deadline), 'revision', revision,
  'changedAt', int(now_ms))
local json = settings_json(KEYS[1])
append_settings(KEYS[5], event.n + 1, bucket.tokens, now, json)
write_version(KEYS[4], revision, json)
write_records(KEYS[6], records, revision)
write_audit(KEYS[6], ARGV[7], revision, now_ms)
return {'applied', revision, now_ms}
