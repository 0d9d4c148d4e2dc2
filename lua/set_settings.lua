-- set_settings: change an event's settings if nobody changed them meanwhile; the bucket is first settled at the old
-- rate, raising the capacity adds no tokens, and the audit record is written with the change. Sent again: same reply.
-- include now_us int timed_value bucket event journal settings_entry changes
-- KEYS[1] meta        hash    settings, revision
-- KEYS[2] bucket      hash    tokens, refilledAt, overflow, counted
-- KEYS[3] journal     stream
-- KEYS[4] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] ifRevision  int?    refuse unless this is the revision; empty = any
-- ARGV[3] changeId    string  the change's own id
-- ARGV[4] fields      json    meta fields as text, put as they are
-- ARGV[5] timed       json    refill, capacity: {"to": micro, "rampMs": ms, "forMs": ms}; from now on
-- ARGV[6] audit       json    who, why, what
-- ARGV[7] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"applied", revision, nowMs} | {"conflict", revision} | {"fence", incarnation} | {"absent"}
-- COST    O(settings)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local changes = read_changes(KEYS[1])
local before = find_change(changes, ARGV[3])
if before then return {'applied', before.revision, before.at} end
if ARGV[2] ~= '' and tonumber(ARGV[2]) ~= event.revision then return {'conflict', event.revision} end
local now = now_us(ARGV[7])
local now_ms = math.floor(now / 1000)

local bucket = read_bucket(KEYS[2], event, now)

-- What comes after a limited time: what would hold without it, so a limit on a limited value ends in the first one's after.
local function lasting(timed)
  return value_at(timed, math.huge)
end

local function schedule(old, change)
  local ramp_ms, for_ms = change.rampMs or 0, change.forMs or 0
  for _, number in ipairs({change.to, ramp_ms, for_ms}) do assert(number >= 0 and number % 1 == 0, 'not a whole number') end
  return {
    from = ramp_ms > 0 and value_at(old, now_ms) or change.to, from_at = now_ms,
    to = change.to, to_at = now_ms + ramp_ms,
    till = for_ms > 0 and now_ms + for_ms or 0, after = for_ms > 0 and lasting(old) or change.to,
  }
end

local timed = cjson.decode(ARGV[5])
local old_capacity = event.rates.capacity
if timed.refill then event.rates.refill = schedule(event.rates.refill, timed.refill) end
if timed.capacity then
  local old = old_capacity
  if not old then
    local default = capacity_at({refill = parse_timed(event.refill)}, now_ms)
    old = {from = default, from_at = 0, to = default, to_at = 0, till = 0, after = default}
  end
  event.rates.capacity = schedule(old, timed.capacity)
end
local tokens = math.min(bucket.tokens, capacity_at(event.rates, now_ms))

local fields = {'revision', event.revision + 1, 'changedAt', int(now_ms), 'changeId', ARGV[3], 'n', event.n + 1,
  'changes', with_change(changes, ARGV[3], event.revision + 1, now_ms), 'refill', format_timed(event.rates.refill)}
if event.rates.capacity then fields[#fields + 1], fields[#fields + 2] = 'capacity', format_timed(event.rates.capacity) end
for name, value in pairs(cjson.decode(ARGV[4])) do fields[#fields + 1], fields[#fields + 2] = name, value end
redis.call('HSET', KEYS[1], unpack(fields))
write_bucket(KEYS[2], tokens, now, bucket.overflow)
append_settings(KEYS[3], event.n + 1, tokens, now, settings_json(KEYS[1]))
redis.call('XADD', KEYS[4], 'MAXLEN', '~', 10000, '*', 'record', ARGV[6])
return {'applied', event.revision + 1, now_ms}
