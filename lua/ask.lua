-- ask: put a question to every gateway that serves the event, through its journal; they answer in the hash `answers`.
-- include now_us int timed_value event journal
-- KEYS[1] meta        hash    n
-- KEYS[2] answers     hash    askId -> asked ms; "askId:worker" -> what it says
-- KEYS[3] journal     stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] askId       string  letters, digits, _ and -
-- ARGV[3] what        string  story, seen
-- ARGV[4] seq         int     the place asked about; 0 = none
-- ARGV[5] sinceMs     int     from when on, ms; 0 = from the beginning
-- ARGV[6] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"asked"} | {"fence", incarnation} | {"absent"}
-- COST    O(1)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
assert(string.find(ARGV[2], '^[%w_-]+$') and string.find(ARGV[3], '^%l+$'), 'no such question')
local entry = string.format('q %s %s %.0f %.0f', ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]))
redis.call('HSET', KEYS[2], ARGV[2], int(math.floor(now_us(ARGV[6]) / 1000)))
redis.call('EXPIRE', KEYS[2], 60)
redis.call('HSET', KEYS[1], 'n', event.n + 1)
append(KEYS[3], event.n + 1, entry)
return {'asked'}
