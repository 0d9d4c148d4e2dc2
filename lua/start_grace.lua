-- start_grace: people who were there could not be heard, as their polls were refused for overload. As after a gap in the
-- reports, nobody is stepped around for silence for 40 s nor expired for 300 s, and all claim clocks begin anew.
-- include now_us int timed_value bucket event turns
-- KEYS[1] meta        hash    graceAt
-- KEYS[2] bucket      hash    tokens, refilledAt, overflow, counted
-- KEYS[3] turns       list    claim clocks; they restart
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"started"} | {"fence", incarnation} | {"absent"}
-- COST    O(1)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local now = now_us(ARGV[2])
redis.call('HSET', KEYS[1], 'graceAt', int(math.floor(now / 1000)))
restart_clocks(KEYS[3], KEYS[2], event, now)
return {'started'}
