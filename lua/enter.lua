-- enter: let one place through, once, if it may go now; also its presence. Whoever comes back from away and is
-- refused stands in the line again at the old place. The bucket is settled and written only when it grants.
-- include now_us int timed_value bucket event line journal
-- KEYS[1] meta        hash    phase, paused, job, recoverUntil, window, tiers, waiting, head, n
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] ended       string  2 bits a seq
-- KEYS[5] due         string  4 bytes a seq
-- KEYS[6] bucket      hash    tokens (micro), refilledAt (µs), overflow (micro), counted (micro)
-- KEYS[7] granted     zset    seq -> granted ms, plus 0.5 if to a subject; for the time in which enter can be repeated
-- KEYS[8] subjects    hash    subject digest -> seq; one grant a subject
-- KEYS[9] admits      hash    10 s slot -> admissions
-- KEYS[10] returned   zset    seq -> back since ms
-- KEYS[11] journal    stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] seq         int     the place
-- ARGV[3] joinedMs    int     when it was joined, ms
-- ARGV[4] subject     bytes   digest of who enters; empty = nobody known
-- ARGV[5] dueMs       int     silence begins so long after now, ms
-- ARGV[6] overdraft   int     D, tokens
-- ARGV[7] repeatMs    int     how long a repeat gets the same answer, ms
-- ARGV[8] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"granted", grantedMs, nowMs} | {"denied", reason, position, cause} | {"entered"} | {"left"} | {"expired"}
--         | {"not_yours"} | {"subject_entered"} | {"closed"} | {"unknown"} | {"fence", incarnation} | {"absent"}
-- COST    O(places between head and seq / 8 bytes + log away)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local now = now_us(ARGV[8])
local now_ms = math.floor(now / 1000)
local seq, subject = tonumber(ARGV[2]), ARGV[4]

local how = ended_as(KEYS[4], seq)
if how == ENTERED then
  if subject ~= '' and redis.call('HGET', KEYS[8], subject) ~= int(seq) then return {'not_yours'} end
  local score = tonumber(redis.call('ZSCORE', KEYS[7], seq) or '-inf')
  local granted_ms = math.floor(score)
  if now_ms - granted_ms >= tonumber(ARGV[7]) then return {'entered'} end
  if subject == '' and score > granted_ms then return {'not_yours'} end
  return {'granted', granted_ms, now_ms}
end
if how == LEFT then return {'left'} end
if how == EXPIRED then return {'expired'} end
local was_waiting = is_waiting(KEYS[2], seq)
local since = not was_waiting and redis.call('ZSCORE', KEYS[3], seq)
if not was_waiting and not since then return {'unknown'} end
local phase = phase_at(event, now_ms)
if phase == 'closed' then return {'closed'} end
if subject ~= '' and redis.call('HEXISTS', KEYS[8], subject) == 1 then return {'subject_entered'} end

local position = count_before(KEYS[2], event.head, seq) + 1
local bucket

local function why_not()
  if phase ~= 'open' and phase ~= 'draining' then return 'not_open' end
  if event.paused == 1 then return 'paused' end
  if event.restoring or now_ms < event.recoverUntil then return 'restoring' end
  if position > window_at(event, now_ms) then return 'window' end
  local waited = now_ms - tonumber(ARGV[3]) -- Negative: the clock was set back since they joined.
  for first, last, wait_ms in string.gmatch(event.tiers, '(%d+)-(%d*)=(%d+)') do
    if position >= tonumber(first) and (last == '' or position <= tonumber(last)) and
        waited >= 0 and waited < tonumber(wait_ms) then return 'waited' end
  end
  bucket = read_bucket(KEYS[6], event, now)
  local reach = bucket.tokens + (position <= 10 and tonumber(ARGV[6]) * MICRO or 0)
  if position > math.floor(reach / MICRO) then return 'tokens' end
end

local reason = why_not()
if reason then
  set_due(KEYS[5], seq, to_due_ds(event.base, now_ms + tonumber(ARGV[5])))
  local cause = ''
  if now_ms - event.changedAt < 3000 then cause = 'settings_changed'
  elseif now_ms - event.returnedAt < 3000 then cause = 'returned_in_front' end
  if since then
    redis.call('ZREM', KEYS[3], seq)
    redis.call('SETBIT', KEYS[2], seq, 1)
    redis.call('ZADD', KEYS[10], int(now_ms), seq)
    redis.call('HSET', KEYS[1], 'waiting', event.waiting + 1, 'head', math.min(event.head, seq),
      'returnedAt', int(now_ms), 'n', event.n + 1)
    append(KEYS[11], event.n + 1, 'b ' .. int(seq))
  end
  return {'denied', reason, position, cause}
end

if since then
  redis.call('ZREM', KEYS[3], seq)
  redis.call('HSET', KEYS[1], 'n', event.n + 1, 'returnedAt', int(now_ms))
else
  redis.call('SETBIT', KEYS[2], seq, 0)
  redis.call('HSET', KEYS[1], 'n', event.n + 1, 'waiting', event.waiting - 1)
end
end_place(KEYS[4], seq, ENTERED)
local tokens = bucket.tokens - MICRO
write_bucket(KEYS[6], tokens, now, bucket.overflow)
redis.call('ZADD', KEYS[7], int(now_ms) .. (subject ~= '' and '.5' or ''), seq)
if subject ~= '' then redis.call('HSET', KEYS[8], subject, int(seq)) end
redis.call('HINCRBY', KEYS[9], int(math.floor(now_ms / 10000)), 1)
append(KEYS[11], event.n + 1, string.format('e %.0f %.0f %.0f %s', seq, tokens, now, since and 'a' or 'w'))
return {'granted', now_ms, now_ms}
