-- recover: go on with an event on a server that may have lost its last writes, or all of them: a new incarnation and epoch,
-- numbers that nobody can have been given, a bucket no fuller than it can be, and a time in which gateways give back what
-- they know. The first caller does it; the others say what they know, and where that is more, it is done again.
-- include now_us int timed_value bucket event journal settings_entry revision recovery
-- KEYS[1] meta        hash    run, incarnation, epoch, seq, n, recoveries
-- KEYS[2] bucket      hash    tokens, refilledAt
-- KEYS[3] turns       list    claim clocks, begun anew
-- KEYS[4] versions    hash    revision -> settings
-- KEYS[5] reporters   hash    workers that lived before
-- KEYS[6] survivors   hash    worker -> how far it has come
-- KEYS[7] mark        string  alive, or deleted: an event without either was lost
-- KEYS[8] journal     stream
-- KEYS[9] audit       stream
-- ARGV[1] incarnation string  of the event as the caller knows it
-- ARGV[2] run         string  of the server, as the caller's connection said
-- ARGV[3] newIncarnation string of the event from now on, if this recovers it
-- ARGV[4] worker      string  who calls
-- ARGV[5] known       json    life, epoch, revision, n of this incarnation, highest seq that the caller knows of
-- ARGV[6] fields      json?   every setting as of that revision, for where Redis lost it; empty = none
-- ARGV[7] gap         int     seqs to leave out
-- ARGV[8] overdraft   int     D, tokens
-- ARGV[9] freezeMs    int     nobody is let in for so long at most, ms
-- ARGV[10] holdMs     int     nobody joins for so long at most, ms
-- ARGV[11] nowUs      int?    µs; empty = Redis clock
-- RETURNS {"recovered", incarnation} | {"done", incarnation} | {"deleted"} | {"absent"}
-- COST    O(settings + reporters)
local known, now = cjson.decode(ARGV[5]), now_us(ARGV[11])
local now_ms = math.floor(now / 1000)
local event = read_event(KEYS[1])
local found = event and {incarnation = event.incarnation, n = event.n, revision = event.revision}
  or {incarnation = '*', n = 0, revision = 0}
local function put_fields()
  local fields = {}
  for name, value in pairs(cjson.decode(ARGV[6])) do fields[#fields + 1], fields[#fields + 2] = name, value end
  redis.call('HSET', KEYS[1], unpack(fields))
end
if not event then
  if redis.call('EXISTS', KEYS[7]) == 1 then return {'deleted'} end
  if ARGV[6] == '' then return {'absent'} end
  put_fields()
  redis.call('HSET', KEYS[1], 'epoch', int(known.epoch), 'seq', 0, 'n', int(known.n), 'waiting', 0, 'head', 0, 'sweeper', '', 'sweepUntil', 0, 'sweptAt', 0,
    'expireCursor', 0, 'pruneCursor', '0', 'awayCursor', '0', 'changes', '[]', 'job', '', 'jobState', '', 'jobDone', '',
    'tombsUntil', 0, 'skipped', 0, 'recoveries', '', 'run', '', 'lastAt', int(now_ms))
  event = read_event(KEYS[1])
end

local epoch, run, text = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'run', 'recoveries'))
epoch, run = tonumber(epoch), run or ''
local is_ours = known.life == event.life
local is_same = ARGV[1] == event.incarnation
local knows_settings = is_ours and ARGV[6] ~= '' and known.revision > event.revision
local knows_more = knows_settings or known.seq > event.seq or known.epoch > epoch or is_same and known.n > event.n
  or not is_same and known.epoch == epoch
local lost = found.incarnation == '*' or run ~= '' and run ~= ARGV[2] or is_ours and knows_more

if not lost then
  if redis.call('HGET', KEYS[6], ARGV[4]) == 'w' then redis.call('HSET', KEYS[6], ARGV[4], 'm') end
  join_again(KEYS[1], KEYS[6], event, now_ms, false)
  if run == '' then -- Made by a version that knew no runs.
    redis.call('SET', KEYS[7], 'alive')
    redis.call('HSET', KEYS[1], 'run', ARGV[2], 'n', event.n + 1)
    local tokens, refilled_at = unpack(redis.call('HMGET', KEYS[2], 'tokens', 'refilledAt'))
    append_settings(KEYS[8], event.n + 1, tonumber(tokens), tonumber(refilled_at), settings_json(KEYS[1]))
  end
  return {'done', event.incarnation}
end

if knows_settings then
  put_fields()
  event = read_event(KEYS[1])
end
-- `tokens`: nobody is left who knew the event before, so its name is not known to the caller either.
local why = run ~= '' and run ~= ARGV[2] and 'run' or 'behind'
if found.incarnation == '*' then why = ARGV[1] == '' and 'tokens' or 'wipe' end
local counter = (is_ours and math.max(event.seq, known.seq) or event.seq) + tonumber(ARGV[7])
local new_epoch = (is_ours and math.max(epoch, known.epoch) or epoch) + 1
local line = string.format('%.0f %s %.0f %.0f %.0f %.0f', new_epoch, found.incarnation, found.n, event.seq, counter, now_ms)
local skipped = tonumber(redis.call('HGET', KEYS[1], 'skipped') or '0') + counter - event.seq
local tokens = -tonumber(ARGV[8]) * MICRO

redis.call('DEL', KEYS[3], KEYS[6])
for _, worker in ipairs(redis.call('HKEYS', KEYS[5])) do redis.call('HSET', KEYS[6], worker, 'w') end
if found.incarnation == '*' then redis.call('HSET', KEYS[6], '?', 'w') end -- Who else lived, nobody knows.
redis.call('HSET', KEYS[6], ARGV[4], 'm')
redis.call('SET', KEYS[7], 'alive')
redis.call('HSET', KEYS[1], 'run', ARGV[2], 'incarnation', ARGV[3], 'epoch', new_epoch, 'seq', int(counter), 'n', event.n + 1,
  'recoveries', with_recovery(read_recoveries(text or '', now_ms), line), 'skipped', int(skipped),
  'recoverUntil', int(now_ms + tonumber(ARGV[9])), 'joinsFrom', none_in(KEYS[6], 'w') and 0 or int(now_ms + tonumber(ARGV[10])),
  'graceAt', int(now_ms), 'returnedAt', int(now_ms))
start_report(KEYS[1], now_ms, why)
write_bucket(KEYS[2], tokens, now, 0)
local json = settings_json(KEYS[1])
append_settings(KEYS[8], event.n + 1, tokens, now, json)
if found.incarnation == '*' or knows_settings then write_version(KEYS[4], event.revision, json) end
local cause = found.incarnation == '*' and 'Redis had lost this event: made again, giving places back'
  or 'Redis was restarted or failed over: recovering'
write_audit(KEYS[9], recovery_record(KEYS[1], now_ms, cause, {{name = 'epoch', unit = 'text', before = int(epoch), after = int(new_epoch)},
  {name = 'version', unit = 'text', before = int(found.revision), after = int(event.revision)}}), 0, now_ms)
return {'recovered', ARGV[3]}
