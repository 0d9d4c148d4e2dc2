-- note_audit: append a record to the audit trail once, whoever tries: outcomes of changes, what the system did.
-- include now_us int timed_value event revision
-- KEYS[1] meta        hash    incarnation
-- KEYS[2] notes       hash    noteId -> noted ms, for a day
-- KEYS[3] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] noteId      string  what must not be there twice
-- ARGV[3] record      json    put as it is
-- ARGV[4] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"noted"} | {"known"} | {"fence", incarnation} | {"absent"}
-- COST    O(1)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local now_ms = math.floor(now_us(ARGV[4]) / 1000)
if redis.call('HSETNX', KEYS[2], ARGV[2], int(now_ms)) == 0 then return {'known'} end
write_audit(KEYS[3], ARGV[3], 0, now_ms)
return {'noted'}
