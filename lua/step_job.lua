-- step_job: the next batch of the job under way. Expired places are kept in `tombs`; a restore gives them back in ascending
-- order as heard now, and until it has finished nobody is let in (enter.lua). Whoever calls goes on where it stands, so a
-- caller that dies leaves nothing half done.
-- include now_us int timed_value bucket event line line_scan line_bulk turns journal settings_entry tombs rejoin_chain job job_end job_restore
-- KEYS[1] meta        hash    job, jobState, jobDone, waiting, head, n
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] due         string  4 bytes a seq
-- KEYS[5] ended       string  2 bits a seq
-- KEYS[6] people      hash    digest -> seq, joined ms, body hash
-- KEYS[7] bucket      hash    tokens, refilledAt
-- KEYS[8] turns       list    claim clocks; they restart after a restore
-- KEYS[9] tombs       hash    places that can be given back
-- KEYS[10] rejoined   hash    old seq -> new seq and whose
-- KEYS[11] journal    stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] limit       int     most places of this batch, 1..500 (listed places come all at once)
-- ARGV[3] dueMs       int     restored places: silence begins so long after now, ms
-- ARGV[4] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"idle", auditId?, places?} of the last job | {"stepped", auditId, places so far, more}
--         | {"fence", incarnation} | {"absent"}
-- COST    O(limit log away + 5,000 places looked at), at the end also O(settings)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
if event.job == '' then
  local id, places = string.match(redis.call('HGET', KEYS[1], 'jobDone') or '', '^(%S+) (%d+)$')
  return {'idle', id, tonumber(places)}
end
local now = now_us(ARGV[4])
local now_ms = math.floor(now / 1000)
local kind, id = string.match(event.job, '^(%S+) (%S+)$')
local state, limit = cjson.decode(redis.call('HGET', KEYS[1], 'jobState')), tonumber(ARGV[2])
local keys = {waiting = KEYS[2], away = KEYS[3], due = KEYS[4], ended = KEYS[5], people = KEYS[6], tombs = KEYS[9], rejoined = KEYS[10]}

local presence_ms = tonumber(redis.call('HGET', KEYS[1], 'presenceMs'))
local n, head, waiting = event.n, event.head, event.waiting
local function tell(text)
  n = n + 1
  append(KEYS[11], n, text)
end
local function tell_left(seqs)
  for _, seq in ipairs(seqs) do tell(string.format('l %.0f %.0f', seq, now_ms)) end
end

local function count_tomb(places)
  local tombs = read_tombs(keys.tombs)
  local tomb = find_tomb(tombs, id)
  if not tomb then return end
  tomb.places = places
  write_tombs(keys.tombs, KEYS[1], tombs)
end

if kind == 'restore' then
  local due_ds = to_due_ds(event.base, now_ms + math.max(presence_ms, tonumber(ARGV[3])))
  local seqs, left, more = give_back(keys, state, due_ds, limit)
  tell_left(left)
  if #seqs > 0 then
    tell(string.format('r %.0f ', now_ms) .. format_seqs(seqs))
    head = math.min(head, seqs[1])
  end
  waiting, state.places = waiting + more, state.places + #seqs
else
  local seqs, waited = take_batch(keys, event, presence_ms, state, now_ms, limit)
  end_places(KEYS[5], seqs, kind == 'expire' and EXPIRED or LEFT)
  waiting, state.places = waiting - waited, state.places + #seqs
  if kind == 'remove' then
    tell_left(seqs)
  elseif #seqs > 0 then
    bury(keys.tombs, id, seqs)
    count_tomb(state.places)
    tell(string.format('x %.0f ', now_ms) .. format_seqs(seqs) .. string.format(' %.0f', state.till))
  end
end

local more = state.stage ~= 'done'
redis.call('HSET', KEYS[1], 'waiting', waiting, 'head', head, 'jobState', cjson.encode(state))
if not more then
  redis.call('HSET', KEYS[1], 'job', '', 'jobState', '', 'jobDone', id .. ' ' .. int(state.places))
  if kind == 'restore' then
    local tombs = read_tombs(keys.tombs)
    local _, index = find_tomb(tombs, state.undoes)
    if index then table.remove(tombs, index) end
    write_tombs(keys.tombs, KEYS[1], tombs)
    restart_clocks(KEYS[8], KEYS[7], event, now)
    redis.call('HSET', KEYS[1], 'returnedAt', int(now_ms))
  end
  n = n + 1
  tell_settings(KEYS[1], KEYS[7], KEYS[11], n)
end
redis.call('HSET', KEYS[1], 'n', n)
return {'stepped', id, state.places, more and 1 or 0}
