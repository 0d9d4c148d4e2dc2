-- join: give places to a batch of visitors, in the order of the batch. One person or key holds one place.
-- A batch that is sent again after a lost reply gets the reply it had, a copy that comes after the sender's next batch
-- makes no place (late); a bad member never fails its batch. None while a recovery learns which seqs are taken.
-- include now_us int timed_value event line rejoined arrivals journal
-- KEYS[1] meta        hash    seq, n, waiting, phase, maxWaiting, tombsUntil
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] due         string  4 bytes a seq
-- KEYS[5] people      hash    digest -> seq, joined ms, body hash
-- KEYS[6] senders     hash    sender -> its last batch and reply
-- KEYS[7] rejoined    hash    lost seq -> new seq, while lost places can be given back
-- KEYS[8] arrivals    string  8 bytes a second: first seq, when
-- KEYS[9] subjects    hash    digest -> seq; who has entered gets no other place
-- KEYS[10] journal    stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] sender      string  one lane of one process, one batch at a time
-- ARGV[3] batchNo     int     rises with each batch of the sender
-- ARGV[4] dueMs       int     silence of these places begins so long after now, ms
-- ARGV[5] members     bytes   a member: flags (1 = person, 2 = key), 16 bytes of person, 16 of key and 4 of body hash
-- ARGV[6] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"joined", firstSeq, nowMs, waitingBefore, i, what, seq, joinedMs, ...} with what 0 = same place,
--         1 = duplicate, 2 = key used with another body, 3 = full, 4 = has entered, for members that got no new place
--         | {"scheduled", opensAt} | {"closed"} | {"recovering"} | {"late"} | {"fence", incarnation} | {"absent"}
-- COST    O(members); people are set 4,000 values at a time, as Lua unpacks some 8,000 at most
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local last = redis.call('HGET', KEYS[6], ARGV[2])
local memory = last and cmsgpack.unpack(last)
if memory and memory[1] == ARGV[3] then return memory[2] end
if memory and tonumber(memory[1]) > tonumber(ARGV[3]) then return {'late'} end
local now_ms = math.floor(now_us(ARGV[6]) / 1000)
local phase = phase_at(event, now_ms)
if phase == 'scheduled' then return {'scheduled', event.opensAt} end
if phase == 'draining' or phase == 'closed' then return {'closed'} end
if now_ms < event.joinsFrom then return {'recovering'} end

local fresh, people, taken, lost = {}, {}, 0, {}
local reply = {'joined', event.seq + 1, now_ms, event.waiting}
local room = event.maxWaiting > 0 and event.maxWaiting - event.waiting - redis.call('ZCARD', KEYS[3]) or math.huge

local function except(member, what, seq, joined_ms)
  reply[#reply + 1], reply[#reply + 2], reply[#reply + 3], reply[#reply + 4] = member, what, seq, joined_ms
end

-- Who holds this digest: seq, joined ms and body hash of a place that still waits or is away.
local function holder(digest)
  local value = fresh[digest] or redis.call('HGET', KEYS[5], digest)
  if not value then return nil end
  local seq, joined_s, joined_rest, body = struct.unpack('>I5I4I2c4', value)
  if fresh[digest] or is_live(KEYS[2], KEYS[3], seq) then return seq, joined_s * 1000 + joined_rest, body end
  if event.tombsUntil > now_ms or event.restoring then lost[#lost + 1] = {seq, digest, value} end
end

local members, at, member = ARGV[5], 1, 0
while at <= #members do
  local flags, person, key, body = string.byte(members, at), nil, nil, '\0\0\0\0'
  at = at + 1
  if flags % 2 == 1 then person, at = string.sub(members, at, at + 15), at + 16 end
  if flags >= 2 then key, body, at = string.sub(members, at, at + 15), string.sub(members, at + 16, at + 19), at + 20 end
  local seq, joined_ms, held_body, by_key
  if key then seq, joined_ms, held_body = holder(key); by_key = seq ~= nil end
  if not seq and person then seq, joined_ms = holder(person) end
  if by_key then
    except(member, held_body == body and 0 or 2, seq, joined_ms)
  elseif seq then
    except(member, 1, seq, joined_ms)
  elseif person and redis.call('HEXISTS', KEYS[9], person) == 1 then
    except(member, 4, 0, 0)
  elseif taken >= room then
    except(member, 3, 0, 0)
  else
    taken = taken + 1
    for _, old in ipairs(lost) do note_rejoined(KEYS[7], old[1], event.seq + taken, old[2], old[3]) end
    local value = struct.pack('>I5I4I2', event.seq + taken, math.floor(now_ms / 1000), now_ms % 1000) .. body
    for _, digest in ipairs({person or false, key or false}) do
      if digest then
        fresh[digest] = value
        people[#people + 1], people[#people + 2] = digest, value
      end
    end
  end
  member, lost = member + 1, lost[1] and {} or lost
end

if taken > 0 then
  local first = event.seq + 1
  for from = first, event.seq + taken, 48 do
    local bits = math.min(48, event.seq + taken - from + 1)
    redis.call('BITFIELD', KEYS[2], 'SET', 'u' .. bits, int(from), int(2 ^ bits - 1))
  end
  local due_ds = to_due_ds(event.base, now_ms + tonumber(ARGV[4]))
  redis.call('SETRANGE', KEYS[4], first * 4, string.rep(struct.pack('>I4', due_ds), taken))
  for at = 1, #people, 4000 do redis.call('HSET', KEYS[5], unpack(people, at, math.min(at + 3999, #people))) end
  redis.call('HSET', KEYS[1], 'seq', event.seq + taken, 'n', event.n + 1, 'waiting', event.waiting + taken, 'lastAt', int(now_ms))
  note_arrival(KEYS[8], first, now_ms, event.base, memory and memory[3])
  append(KEYS[10], event.n + 1, string.format('j %.0f %d %.0f', first, taken, now_ms))
end
redis.call('HSET', KEYS[6], ARGV[2], cmsgpack.pack({ARGV[3], reply, now_ms}))
return reply
