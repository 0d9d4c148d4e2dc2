-- flush: end every place of a test event and forget every grant. Numbers go on, so no place is given twice; every place
-- given so far reads as expired. The incarnation is a new one: every replica is read anew.
-- include now_us int timed_value bucket event line journal settings_entry changes revision
-- KEYS[1] meta        hash    kind, seq, n, waiting, head, incarnation
-- KEYS[2] waiting     string  dropped
-- KEYS[3] away        zset    dropped
-- KEYS[4] due         string  dropped
-- KEYS[5] ended       string  2 bits a seq, all expired
-- KEYS[6] people      hash    dropped
-- KEYS[7] bucket      hash    tokens, refilledAt, overflow, counted; full
-- KEYS[8] granted     zset    dropped
-- KEYS[9] subjects    hash    dropped
-- KEYS[10] admits     hash    dropped
-- KEYS[11] senders    hash    dropped
-- KEYS[12] turns      list    dropped
-- KEYS[13] returned   zset    dropped
-- KEYS[14] tombs      hash    dropped
-- KEYS[15] rejoined   hash    dropped
-- KEYS[16] arrivals   string  dropped
-- KEYS[17] journal    stream
-- KEYS[18] audit      stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] newIncarnation string  of the event from now on
-- ARGV[3] changeId    string  the change's own id
-- ARGV[4] audit       json    who, why, what
-- ARGV[5] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"flushed"} | {"refused"} for an event that is no test | {"fence", incarnation} | {"absent"}
-- COST    O(places / 4 bytes)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
local changes = read_changes(KEYS[1])
if find_change(changes, ARGV[3]) then return {'flushed'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
if redis.call('HGET', KEYS[1], 'kind') ~= 'test' then return {'refused'} end
local now = now_us(ARGV[5])
local now_ms = math.floor(now / 1000)

redis.call('UNLINK', unpack(KEYS, 2, 16))
if event.seq > 0 then
  -- Four places a byte, all 11 = expired; place 0 and those after the last one never were.
  redis.call('SET', KEYS[5], string.rep('\255', math.floor(event.seq / 4) + 1))
  redis.call('BITFIELD', KEYS[5], 'SET', 'u2', '#0', 0)
  for seq = event.seq + 1, math.floor(event.seq / 4) * 4 + 3 do end_place(KEYS[5], seq, 0) end
end
local tokens = capacity_at(event.rates, now_ms)
write_bucket(KEYS[7], tokens, now, 0)
redis.call('HSET', KEYS[1], 'incarnation', ARGV[2], 'waiting', 0, 'head', int(event.seq + 1), 'n', event.n + 1, 'job', '',
  'jobState', '', 'jobDone', '', 'tombsUntil', 0, 'skipped', 0, 'recoveries', '', 'recoverUntil', 0, 'joinsFrom', 0,
   'expireCursor', 0, 'awayCursor', '0', 'pruneCursor', '0',
  'changedAt', int(now_ms), 'changes', with_change(changes, ARGV[3], event.revision, now_ms))
append_settings(KEYS[17], event.n + 1, tokens, now, settings_json(KEYS[1]))
write_audit(KEYS[18], ARGV[4], 0, now_ms)
return {'flushed'}
