-- start_job: begin to expire, remove or give back places of an event; step_job goes on with it. One job at a time. The
-- record is written with the beginning, as from then on nobody can stop it. Raises no revision. Sent again: same reply.
-- include now_us int timed_value event line journal settings_entry changes revision tombs job
-- KEYS[1] meta        hash    job, jobState, paused, seq, n
-- KEYS[2] bucket      hash    tokens, refilledAt
-- KEYS[3] tombs       hash    places that can be given back
-- KEYS[4] journal     stream
-- KEYS[5] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] kind        string  expire, remove, restore
-- ARGV[3] auditId     string  of the record
-- ARGV[4] scope       json    all, silentForMs or seqs ("3,7"); restore: undoes = audit id of the expiry
-- ARGV[5] undoSec     int     expire: how long it can be undone from now on, s
-- ARGV[6] changeId    string  the change's own id
-- ARGV[7] audit       json    who, why, what
-- ARGV[8] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"started", nowMs} | {"busy", auditId} | {"gone"} | {"not_paused"} | {"fence", incarnation} | {"absent"}
-- COST    O(settings + tombs)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local changes = read_changes(KEYS[1])
local before = find_change(changes, ARGV[6])
if before then return {'started', before.at} end
if event.job ~= '' then return {'busy', job_id(event)} end
local now_ms = math.floor(now_us(ARGV[8]) / 1000)
local kind, id, scope = ARGV[2], ARGV[3], cjson.decode(ARGV[4])
assert(string.find(id, '^[%w_-]+$'), 'no audit id')

local state = {last = event.seq, places = 0, cursor = '0', stage = 'line'}
if kind == 'restore' then
  local tomb = find_tomb(read_tombs(KEYS[3]), scope.undoes)
  if not tomb or tomb.till <= now_ms then return {'gone'} end
  state.undoes, state.block = scope.undoes, 0
else
  assert(kind == 'expire' or kind == 'remove', 'no such job')
  assert(scope.seqs or kind == 'expire' and (scope.all or scope.silentForMs), 'no scope')
  if scope.all and event.paused == 0 then return {'not_paused'} end
  state.seqs, state.all, state.silentMs = scope.seqs, scope.all, scope.silentForMs
end
if kind == 'expire' then
  state.till = now_ms + tonumber(ARGV[5]) * 1000
  local tombs = read_tombs(KEYS[3])
  tombs[#tombs + 1] = {id = id, till = state.till, places = 0}
  write_tombs(KEYS[3], KEYS[1], tombs)
end
redis.call('HSET', KEYS[1], 'job', kind .. ' ' .. id, 'jobState', cjson.encode(state), 'n', event.n + 1,
  'changes', with_change(changes, ARGV[6], event.revision, now_ms))
tell_settings(KEYS[1], KEYS[2], KEYS[4], event.n + 1)
write_audit(KEYS[5], ARGV[7], 0, now_ms)
return {'started', now_ms}
