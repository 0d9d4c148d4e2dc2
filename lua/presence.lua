-- presence: note in bulk who was heard, bring silent people back to their old places, and say that this
-- reporter lives, which revision it has in force and what it counted. A gap in a reporter's reports starts the grace time.
-- include now_us int timed_value event line journal
-- KEYS[1] meta        hash    n, waiting, head, graceAt, returnedAt
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] due         string  4 bytes a seq
-- KEYS[5] reporters   hash    reporter -> last ms, revision, gateway
-- KEYS[6] turns       list    started claim clocks; the grace time stops them
-- KEYS[7] returned    zset    seq -> back since ms; their claim clocks start anew
-- KEYS[8] journal     stream
-- KEYS[9] counts      hash    by:reporter -> its counts; sum:name -> those of reporters that said goodbye
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] reporter    string  the worker process; empty = no report, only records
-- ARGV[3] gateway     string  the gateway that it belongs to
-- ARGV[4] revision    int     settings in force there; -1 = goodbye
-- ARGV[5] records     bytes   8 bytes a place: seq, due in tenths of a second since base
-- ARGV[6] counts      string  "name count,..." since the reporter began; empty = as reported last
-- ARGV[7] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"heard", back} | {"fence", incarnation} | {"absent"}
-- COST    O(records log away + names counted)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
assert(#ARGV[5] % 8 == 0, 'records are 8 bytes each')
local now_ms = math.floor(now_us(ARGV[7]) / 1000)

if ARGV[2] ~= '' then
  local before = redis.call('HGET', KEYS[5], ARGV[2])
  if before and math.abs(now_ms - tonumber(string.match(before, '^%d+'))) > 5000 then
    redis.call('HSET', KEYS[1], 'graceAt', int(now_ms))
    redis.call('DEL', KEYS[6])
  end
  local own = 'by:' .. ARGV[2]
  if ARGV[6] ~= '' then redis.call('HSET', KEYS[9], own, ARGV[6]) end
  if ARGV[4] == '-1' then
    redis.call('HDEL', KEYS[5], ARGV[2])
    local counts = redis.call('HGET', KEYS[9], own) or ''
    for name, count in string.gmatch(counts, '([^ ,]+) (%d+)') do
      redis.call('HINCRBY', KEYS[9], 'sum:' .. name, count)
    end
    redis.call('HDEL', KEYS[9], own)
  else
    redis.call('HSET', KEYS[5], ARGV[2], int(now_ms) .. ' ' .. ARGV[4] .. ' ' .. ARGV[3])
  end
end

local records, back = ARGV[5], {}
local anyone_away = #records > 0 and redis.call('ZCARD', KEYS[3]) > 0
for at = 1, #records, 8 do
  local seq, due_ds = struct.unpack('>I4I4', records, at)
  if seq <= event.seq then set_due(KEYS[4], seq, due_ds) end
  if anyone_away then
    local since = redis.call('ZSCORE', KEYS[3], seq)
    if since and since % 2 == 0 then
      redis.call('ZREM', KEYS[3], seq)
      back[#back + 1] = seq
    end
  end
end
if #records > 0 then redis.call('HSET', KEYS[1], 'lastAt', int(now_ms)) end
if #back == 0 then return {'heard', 0} end

table.sort(back)
for _, seq in ipairs(back) do
  redis.call('SETBIT', KEYS[2], seq, 1)
  redis.call('ZADD', KEYS[7], int(now_ms), seq)
end
redis.call('HSET', KEYS[1], 'waiting', event.waiting + #back, 'head', math.min(event.head, back[1]),
  'returnedAt', int(now_ms), 'n', event.n + 1)
append(KEYS[8], event.n + 1, 'b ' .. format_seqs(back))
return {'heard', #back}
