-- drop_line: forget the people of an event that closed long ago. Settings, audit trail and how each place ended stay, so
-- old tokens still read as entered, left or expired. By then every place has ended: silence has expired them (expire).
-- include now_us timed_value event
-- KEYS[1] meta        hash    phase, changedAt, waiting
-- KEYS[2] waiting     string  dropped
-- KEYS[3] away        zset    dropped
-- KEYS[4] due         string  dropped
-- KEYS[5] people      hash    dropped
-- KEYS[6] granted     zset    dropped
-- KEYS[7] subjects    hash    dropped
-- KEYS[8] admits      hash    dropped
-- KEYS[9] senders     hash    dropped
-- KEYS[10] turns      list    dropped
-- KEYS[11] returned   zset    dropped
-- KEYS[12] tombs      hash    dropped
-- KEYS[13] rejoined   hash    dropped
-- KEYS[14] arrivals   string  dropped
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] keepMs      int     drop only if it is closed for so long, ms
-- ARGV[3] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"dropped"} | {"kept"} | {"fence", incarnation} | {"absent"}
-- COST    O(1), freed in the background
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local closed_ms = math.floor(now_us(ARGV[3]) / 1000) - event.changedAt
if event.phase ~= 'closed' or closed_ms < tonumber(ARGV[2]) or event.job ~= '' then return {'kept'} end
if event.waiting > 0 or redis.call('ZCARD', KEYS[3]) > 0 then return {'kept'} end
redis.call('UNLINK', unpack(KEYS, 2))
return {'dropped'}
