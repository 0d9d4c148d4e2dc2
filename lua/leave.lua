-- leave: end one place at its holder's wish. A place that has ended stays as it ended.
-- include now_us timed_value event line journal
-- KEYS[1] meta        hash    n, waiting
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] ended       string  2 bits a seq
-- KEYS[5] journal     stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] seq         int     the place
-- ARGV[3] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"left"} | {"entered"} | {"expired"} | {"unknown"} | {"fence", incarnation} | {"absent"}
-- COST    O(log away)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local seq = tonumber(ARGV[2])
local how = ended_as(KEYS[4], seq)
if how == ENTERED then return {'entered'} end
if how == LEFT then return {'left'} end
if how == EXPIRED then return {'expired'} end
local was_waiting = is_waiting(KEYS[2], seq)
if not was_waiting and not redis.call('ZSCORE', KEYS[3], seq) then return {'unknown'} end

if was_waiting then
  redis.call('SETBIT', KEYS[2], seq, 0)
  redis.call('HSET', KEYS[1], 'waiting', event.waiting - 1)
else
  redis.call('ZREM', KEYS[3], seq)
end
end_place(KEYS[4], seq, LEFT)
redis.call('HSET', KEYS[1], 'n', event.n + 1)
append(KEYS[5], event.n + 1, string.format('l %.0f %.0f', seq, math.floor(now_us(ARGV[3]) / 1000)))
return {'left'}
