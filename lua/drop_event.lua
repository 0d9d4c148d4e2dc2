-- drop_event: delete everything of an event that nobody has called for an hour and that nobody made on purpose.
-- include now_us timed_value event
-- KEYS[1] meta        hash    kind, lastAt
-- KEYS[2] waiting     string  dropped
-- KEYS[3] away        zset    dropped
-- KEYS[4] due         string  dropped
-- KEYS[5] ended       string  dropped
-- KEYS[6] people      hash    dropped
-- KEYS[7] bucket      hash    dropped
-- KEYS[8] granted     zset    dropped
-- KEYS[9] subjects    hash    dropped
-- KEYS[10] admits     hash    dropped
-- KEYS[11] reporters  hash    dropped
-- KEYS[12] senders    hash    dropped
-- KEYS[13] turns      list    dropped
-- KEYS[14] returned   zset    dropped
-- KEYS[15] tombs      hash    dropped
-- KEYS[16] rejoined   hash    dropped
-- KEYS[17] versions   hash    dropped
-- KEYS[18] arrivals   string  dropped
-- KEYS[19] answers    hash    dropped
-- KEYS[20] notes      hash    dropped
-- KEYS[21] survivors  hash    dropped
-- KEYS[22] journal    stream  dropped
-- KEYS[23] audit      stream  dropped
-- KEYS[24] sale       hash    dropped
-- KEYS[25] counts     hash    dropped
-- KEYS[26] mark       string  deleted, for a day: it is not lost
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] idleMs      int     drop only if nobody called for so long, ms
-- ARGV[3] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"dropped"} | {"kept"} | {"fence", incarnation} | {"absent"}
-- COST    O(1), freed in the background
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local kind, last_at = unpack(redis.call('HMGET', KEYS[1], 'kind', 'lastAt'))
if kind ~= 'auto' and kind ~= 'test' then return {'kept'} end
if math.floor(now_us(ARGV[3]) / 1000) - tonumber(last_at or '0') < tonumber(ARGV[2]) then return {'kept'} end
redis.call('UNLINK', unpack(KEYS, 1, 25))
redis.call('SET', KEYS[26], 'deleted', 'EX', 86400)
return {'dropped'}
