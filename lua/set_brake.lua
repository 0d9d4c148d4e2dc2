-- set_brake: step the adaptive brake, hold it for a while longer, or end it; only the sweeper's lease holder may. Not an
-- operator's change: the revision stays. A step begins leadMs later, so that every replica knows of it before; until then
-- the course must be without a bend. Nobody's timer ends it: without another call it is over after forMs.
-- include now_us int timed_value bucket event journal settings_entry revision
-- KEYS[1] meta        hash    brake, brakeSince, brakeWhy
-- KEYS[2] bucket      hash    tokens, refilledAt, overflow, counted
-- KEYS[3] journal     stream
-- KEYS[4] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] worker      string  who holds the lease
-- ARGV[3] permille    int     share of the refill that is let through, 1..1000; 1000 = the brake ends
-- ARGV[4] leadMs      int     how long from now it begins, ms
-- ARGV[5] forMs       int     how long from now it lasts, ms, more than leadMs
-- ARGV[6] why         string  what it brakes for
-- ARGV[7] audit       json    who, why, what; empty = no record
-- ARGV[8] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"set", fromMs, sinceMs} | {"unchanged"} | {"early", msLeft} | {"held"} | {"fence", incarnation} | {"absent"}
-- COST    O(settings)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local permille, lead_ms, for_ms = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
assert(permille % 1 == 0 and permille >= 1 and permille <= BRAKE_NONE, 'the brake is 1 to 1000 permille')
assert(lead_ms >= 0 and for_ms > lead_ms, 'it lasts longer than it takes to begin')
local now = now_us(ARGV[8])
local now_ms = math.floor(now / 1000)
if event.sweeper ~= ARGV[2] or now_ms >= event.sweepUntil then return {'held'} end
local begins_ms = now_ms + lead_ms
local before = brake_at(event.rates, now_ms)
if event.rates.brake then
  local bends = {}
  -- Replicas reckon with the course that they know until this one begins.
  add_bends(bends, event.rates.brake, now_ms, begins_ms + 1)
  if #bends > 0 then return {'early', math.max(unpack(bends)) - now_ms} end
end
if permille == BRAKE_NONE and before == BRAKE_NONE and event.brakeSince == 0 then return {'unchanged'} end

local brake, since, why
if permille == BRAKE_NONE then
  brake = {from = before, from_at = 0, to = before, to_at = 0, till = begins_ms, after = BRAKE_NONE}
  since, why = 0, ''
else
  brake = {from = before, from_at = begins_ms, to = permille, to_at = begins_ms, till = now_ms + for_ms, after = BRAKE_NONE}
  since, why = (event.brakeSince > 0 and before < BRAKE_NONE) and event.brakeSince or now_ms, ARGV[6]
end
local bucket = read_bucket(KEYS[2], event, now)
write_bucket(KEYS[2], bucket.tokens, now, bucket.overflow)
redis.call('HSET', KEYS[1], 'brake', format_timed(brake), 'brakeSince', int(since), 'brakeWhy', why, 'n', event.n + 1)
append_settings(KEYS[3], event.n + 1, bucket.tokens, now, settings_json(KEYS[1]))
write_audit(KEYS[4], ARGV[7], 0, now_ms)
return {'set', begins_ms, since}
