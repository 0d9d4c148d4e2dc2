-- merge: after a recovery, what a gateway knew of places and Redis lost. An end always beats a place in the line, and
-- entered every other end; a place comes back only where its seq may have been given out and lost. Repeating it is harmless.
-- The time without grants is over when every worker that lived before is through, or when it is up.
-- include now_us int timed_value event line line_bulk journal settings_entry revision recovery recovery_end
-- KEYS[1] meta        hash    recoveries, recoverUntil, waiting, head, n, skipped
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] due         string  4 bytes a seq
-- KEYS[5] ended       string  2 bits a seq
-- KEYS[6] bucket      hash    tokens, refilledAt
-- KEYS[7] granted     zset    seq -> granted ms, plus 0.5 if to a subject
-- KEYS[8] subjects    hash    subject digest -> seq
-- KEYS[9] admits      hash    10 s slot -> admissions
-- KEYS[10] survivors  hash    worker -> how far it has come
-- KEYS[11] journal    stream
-- KEYS[12] audit      stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] worker      string  who says so
-- ARGV[3] through     int     1 = this is all that it knew
-- ARGV[4] records     bytes   a place: seq (4), what (1: 0 = in the line, 1 entered, 2 left, 3 expired), granted ms (6, 0 = long
--                             ago), subject digest (16, zero = not known); at most 500
-- ARGV[5] dueMs       int     places given back: silence begins so long after now, ms
-- ARGV[6] repeatMs    int     how long an enter can be repeated, ms
-- ARGV[7] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"merged", given back, ended, 1 = the time without grants is over} | {"fence", incarnation} | {"absent"}
-- COST    O(records log away + survivors)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
assert(#ARGV[4] % 27 == 0, 'records are 27 bytes each')
local now_ms = math.floor(now_us(ARGV[7]) / 1000)
local text, skipped = unpack(redis.call('HMGET', KEYS[1], 'recoveries', 'skipped'))
local recoveries = read_recoveries(text or '', now_ms)
local any_away = redis.call('ZCARD', KEYS[3]) > 0
local n, given, ends, counts = event.n, {}, {[ENTERED] = {}, [LEFT] = {}, [EXPIRED] = {}}, {waiting = 0, found = 0, ended = 0}

local function end_as(seq, what, is_waiting_now, is_away)
  local how = ended_as(KEYS[5], seq)
  if how == what or how == ENTERED or how ~= 0 and what ~= ENTERED then return false end
  if is_waiting_now then counts.waiting = counts.waiting + 1 end
  if is_away then redis.call('ZREM', KEYS[3], seq) end
  if how == 0 and not is_waiting_now and not is_away and may_be_lost(recoveries, seq) then counts.found = counts.found + 1 end
  ends[what][#ends[what] + 1] = seq
  return true
end

for at = 1, #ARGV[4], 27 do
  local seq, what, granted_ms, subject = struct.unpack('>I4BI6c16', ARGV[4], at)
  local waits = is_waiting(KEYS[2], seq)
  local is_away = not waits and any_away and redis.call('ZSCORE', KEYS[3], seq) ~= false
  if what == 0 then
    local is_known = waits or is_away or ended_as(KEYS[5], seq) ~= 0
    if not is_known and may_be_lost(recoveries, seq) then given[#given + 1] = seq end
  else
    local is_new = seq <= event.seq and end_as(seq, what, waits, is_away)
    local known = what == ENTERED and subject ~= string.rep('\0', 16)
    if known then redis.call('HSETNX', KEYS[8], subject, int(seq)) end
    if what == ENTERED and (is_new or known) and granted_ms > now_ms - tonumber(ARGV[6]) then
      redis.call('ZADD', KEYS[7], int(granted_ms) .. (known and '.5' or ''), seq)
      if is_new then redis.call('HINCRBY', KEYS[9], int(math.floor(granted_ms / 10000)), 1) end
    end
  end
end

local still_skipped = int(tonumber(skipped or '0') - #given - counts.found)
local function tell(line)
  n = n + 1
  append(KEYS[11], n, line .. ' ' .. still_skipped)
end
local letters = {[ENTERED] = 'e', [LEFT] = 'l', [EXPIRED] = 'x'}
for what, seqs in pairs(ends) do
  if #seqs > 0 then
    table.sort(seqs)
    set_waiting(KEYS[2], seqs, 0)
    end_places(KEYS[5], seqs, what)
    counts.ended = counts.ended + #seqs
    tell('m ' .. letters[what] .. ' ' .. format_seqs(seqs))
  end
end
table.sort(given)
if #given > 0 then
  set_waiting(KEYS[2], given, 1)
  set_dues(KEYS[4], given, to_due_ds(event.base, now_ms + tonumber(ARGV[5])))
  tell(string.format('r %.0f ', now_ms) .. format_seqs(given))
end
redis.call('HSET', KEYS[1], 'waiting', event.waiting + #given - counts.waiting, 'head', math.min(event.head, given[1] or event.head),
  'skipped', still_skipped)
redis.call('HINCRBY', KEYS[1], 'recoverGiven', #given)
redis.call('HINCRBY', KEYS[1], 'recoverPlaces', #given)
redis.call('HINCRBY', KEYS[1], 'recoverEnded', counts.ended)
local keys = {meta = KEYS[1], bucket = KEYS[6], survivors = KEYS[10], journal = KEYS[11], audit = KEYS[12]}
local last, over = end_recovery(keys, event, now_ms, n, ARGV[2], ARGV[3] == '1')
redis.call('HSET', KEYS[1], 'n', last)
return {'merged', #given, counts.ended, over and 1 or 0}
