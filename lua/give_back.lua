-- give_back: after a recovery, give back places that only the visitors' own tokens tell of, and note whose places are that
-- gateways gave back. Nobody holds two: the smaller seq stays and the newer one ends, unless it was let in. In every case
-- that a recovery does not cover, Redis's word stands.
-- include now_us int timed_value event line line_bulk journal recovery
-- KEYS[1] meta        hash    recoveries, waiting, head, n, skipped
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] due         string  4 bytes a seq
-- KEYS[5] ended       string  2 bits a seq
-- KEYS[6] people      hash    digest -> seq, joined ms, body hash
-- KEYS[7] subjects    hash    subject digest -> seq
-- KEYS[8] journal     stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] records     bytes   a token: seq (4), epoch (2), joined ms (6), whose (1: 0 = nobody known, 1 = claimed, 2 = verified),
--                             person digest (16); at most 500
-- ARGV[3] dueMs       int     places given back: silence begins so long after now, ms
-- ARGV[4] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"given", places} | {"fence", incarnation} | {"absent"}
-- COST    O(records log away)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
assert(#ARGV[2] % 29 == 0, 'records are 29 bytes each')
local now_ms = math.floor(now_us(ARGV[4]) / 1000)
local text, skipped = unpack(redis.call('HMGET', KEYS[1], 'recoveries', 'skipped'))
local recoveries = read_recoveries(text or '', now_ms)
local given, left, lost_left, waited = {}, {}, {}, 0

-- Ends a place that its person does not keep: another one is theirs.
local function give_up(seq, is_known)
  if is_known then
    if is_waiting(KEYS[2], seq) then
      redis.call('SETBIT', KEYS[2], seq, 0)
      waited = waited + 1
    end
    redis.call('ZREM', KEYS[3], seq)
    left[#left + 1] = seq
  else
    lost_left[#lost_left + 1] = seq
  end
  end_place(KEYS[5], seq, LEFT)
end

-- Whether this place is its person's to keep; settles which one is, and notes it.
local function is_theirs(seq, joined_ms, whose, person)
  if whose == 0 then return true end
  local used = whose == 2 and redis.call('HGET', KEYS[7], person)
  if used and used ~= int(seq) then return false end
  local held = redis.call('HGET', KEYS[6], person)
  local other = held and struct.unpack('>I5', held)
  if other and other ~= seq then
    if ended_as(KEYS[5], other) == ENTERED then return false end
    local is_other_live = is_live(KEYS[2], KEYS[3], other)
    if is_other_live and other < seq then return false end
    if is_other_live then give_up(other, true) end
  end
  if other ~= seq then
    redis.call('HSET', KEYS[6], person, struct.pack('>I5I4I2c4', seq, math.floor(joined_ms / 1000), joined_ms % 1000, '\0\0\0\0'))
  end
  return true
end

for at = 1, #ARGV[2], 29 do
  local seq, epoch, joined_ms, whose, person = struct.unpack('>I4I2I6Bc16', ARGV[2], at)
  if may_be_lost(recoveries, seq, epoch) then
    local how, is_known = ended_as(KEYS[5], seq), is_live(KEYS[2], KEYS[3], seq)
    if how == ENTERED and whose == 2 then redis.call('HSETNX', KEYS[7], person, int(seq)) end
    if how == 0 and not is_theirs(seq, joined_ms, whose, person) then
      give_up(seq, is_known)
    elseif how == 0 and not is_known then
      redis.call('SETBIT', KEYS[2], seq, 1)
      given[#given + 1] = seq
    end
  end
end
if #given + #left + #lost_left == 0 then return {'given', 0} end

-- One that was given back and given up again in the same breath is told as such in this order.
table.sort(given)
set_dues(KEYS[4], given, to_due_ds(event.base, now_ms + tonumber(ARGV[3])))
local n, still_skipped = event.n, int(tonumber(skipped or '0') - #given - #lost_left)
local function tell(line)
  n = n + 1
  append(KEYS[8], n, line)
end
if #given > 0 then tell(string.format('r %.0f ', now_ms) .. format_seqs(given) .. ' ' .. still_skipped) end
for _, seq in ipairs(left) do tell(string.format('l %.0f %.0f', seq, now_ms)) end
table.sort(lost_left)
if #lost_left > 0 then tell('m l ' .. format_seqs(lost_left) .. ' ' .. still_skipped) end
redis.call('HSET', KEYS[1], 'waiting', event.waiting + #given - waited, 'head', math.min(event.head, given[1] or event.head),
  'skipped', still_skipped, 'n', n)
redis.call('HINCRBY', KEYS[1], 'recoverTokens', #given)
redis.call('HINCRBY', KEYS[1], 'recoverPlaces', #given)
return {'given', #given}
