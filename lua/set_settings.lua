-- set_settings: change an event's settings if nobody changed them meanwhile; the bucket is first settled at the old
-- rate, raising the capacity adds no tokens, what time has done before and the audit record are written with it. A change
-- of `paused` or out of `closed` does what set_phase does. Sent again: same reply.
-- include now_us int timed_value bucket event journal settings_entry changes revision time_passed
-- KEYS[1] meta        hash    settings, revision
-- KEYS[2] bucket      hash    tokens, refilledAt, overflow, counted
-- KEYS[3] turns       list    claim clocks; they restart after a pause
-- KEYS[4] versions    hash    revision -> settings
-- KEYS[5] journal     stream
-- KEYS[6] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] ifRevision  int?    refuse unless this is the revision; empty = any
-- ARGV[3] changeId    string  the change's own id
-- ARGV[4] fields      json    meta fields as text, put as they are: those of FIELDS
-- ARGV[5] timed       json    refill, capacity: {"to": micro, "rampMs": ms, "forMs": ms}; from now on
-- ARGV[6] audit       json    who, why, what
-- ARGV[7] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"applied", revision, nowMs} | {"unchanged", revision} | {"conflict", revision} | {"fence", incarnation}
--         | {"absent"}
-- COST    O(settings)
local FIELDS = ' name timeZone opensAt prequeueFrom phase paused deadline window tiers presenceMs claimMs expireNearMs ' ..
  'expireFarMs maxWaiting challenge message messageUntil refill capacity '
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local changes = read_changes(KEYS[1])
local before = find_change(changes, ARGV[3])
if before then return {'applied', before.revision, before.at} end
if ARGV[2] ~= '' and tonumber(ARGV[2]) ~= event.revision then return {'conflict', event.revision} end
local raw, timed, differs = cjson.decode(ARGV[4]), cjson.decode(ARGV[5]), false
for name, value in pairs(raw) do
  local known = string.find(name, '^%a+$') and string.find(FIELDS, ' ' .. name .. ' ', 1, true)
  assert(known and type(value) == 'string', 'no such setting: ' .. name)
  if value ~= (redis.call('HGET', KEYS[1], name) or '') then differs = true end
end
if not differs and not timed.refill and not timed.capacity then return {'unchanged', event.revision} end
local now = now_us(ARGV[7])
local now_ms = math.floor(now / 1000)
local bucket = read_bucket(KEYS[2], event, now)
local fields, records = time_passed(KEYS[1], event, now_ms, false)
local function put(name, value) fields[#fields + 1], fields[#fields + 2] = name, value end

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

local rates = event.rates
if timed.capacity then
  local default = capacity_at(rates, now_ms)
  local old = rates.capacity or {from = default, from_at = 0, to = default, to_at = 0, till = 0, after = default}
  rates.capacity = schedule(old, timed.capacity)
end
if timed.refill then rates.refill = schedule(rates.refill, timed.refill) end
for name, value in pairs(raw) do
  if name == 'refill' or name == 'capacity' then
    assert(not timed[name] and (name == 'capacity' or value ~= ''), 'refill and capacity are given once')
    rates[name] = parse_timed(value)
    if rates[name] and rates[name].till > 0 and rates[name].till <= now_ms then rates[name] = without_end(rates[name]) end
  else
    put(name, value)
  end
end
put('refill', format_timed(rates.refill))
put('capacity', rates.capacity and format_timed(rates.capacity) or '')
if raw.phase and raw.phase ~= 'closed' and event.phase == 'closed' then put('graceAt', int(now_ms)) end
local tokens = math.min(bucket.tokens, capacity_at(rates, now_ms))

if raw.paused and tonumber(raw.paused) ~= event.paused then redis.call('DEL', KEYS[3]) end
local revision = event.revision + 1
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('HSET', KEYS[1], 'revision', revision, 'changedAt', int(now_ms), 'changeId', ARGV[3], 'n', event.n + 1,
  'changes', with_change(changes, ARGV[3], revision, now_ms))
write_bucket(KEYS[2], tokens, now, bucket.overflow)
local json = settings_json(KEYS[1])
append_settings(KEYS[5], event.n + 1, tokens, now, json)
write_version(KEYS[4], revision, json)
write_records(KEYS[6], records, revision)
write_audit(KEYS[6], ARGV[6], revision, now_ms)
return {'applied', revision, now_ms}
