-- bucket: the token bucket settled at a time, in integer micro-tokens; the twin of src/queue/bucket.ts.
-- Needs int and timed_value. Each stretch between bends runs at its middle rate (exact: the course is linear, and the
-- brake only steps) and is then capped; where the capacity jumps, by the smaller of the two, as a raise adds no tokens.
-- The brake slows the refill alone: capacity and window follow what operators set.
-- The tokens stored are always those of the journal's last entry that names them: a replica reckons from there, so
-- nobody else may settle and store them.
local MICRO = 1000000
local BURST_MIN = 100 * MICRO
local BURST_SEC = 4

local BRAKE_NONE = 1000

-- The brake in force, permille of the refill; 1000 = none.
local function brake_at(rates, ms)
  if not rates.brake then return BRAKE_NONE end
  return value_at(rates.brake, ms)
end

-- Micro-tokens a second that come in at a time: the refill as far as the brake lets it.
local function refill_at(rates, ms)
  return math.floor(value_at(rates.refill, ms) * brake_at(rates, ms) / BRAKE_NONE)
end

local function capacity_by(value, rates, ms)
  if rates.capacity then return value(rates.capacity, ms) end
  return math.max(BURST_MIN, BURST_SEC * value(rates.refill, ms))
end

local function capacity_at(rates, ms)
  return capacity_by(value_at, rates, ms)
end

local function accrued(micro_per_sec, us)
  local seconds = math.floor(us / 1e6)
  return seconds * micro_per_sec + math.floor(((us - seconds * 1e6) * micro_per_sec) / 1e6)
end

-- Returns the tokens at now_us and how many the full bucket could not hold since refilled_us.
local function settle(rates, tokens, refilled_us, now_us_value)
  local lost = 0
  if now_us_value <= refilled_us then return tokens, lost end
  local start_ms, end_ms = refilled_us / 1000, now_us_value / 1000
  local bends = {}
  add_bends(bends, rates.refill, start_ms, end_ms)
  if rates.capacity then add_bends(bends, rates.capacity, start_ms, end_ms) end
  if rates.brake then add_bends(bends, rates.brake, start_ms, end_ms) end
  table.sort(bends)
  for i = 1, #bends do bends[i] = bends[i] * 1000 end
  bends[#bends + 1] = now_us_value
  local from_us = refilled_us
  for _, to_us in ipairs(bends) do
    tokens = tokens + accrued(refill_at(rates, (from_us + to_us) / 2000), to_us - from_us)
    local cap = math.min(capacity_by(value_before, rates, to_us / 1000), capacity_at(rates, to_us / 1000))
    if tokens > cap then
      lost = lost + (tokens - cap)
      tokens = cap
    end
    from_us = to_us
  end
  return tokens, lost
end

-- The event's bucket at now_us, as it stands while paused: tokens, refilled_at (µs, as stored) and `overflow`, with
-- `credit`, the part of it that came since the bucket was stored. Overflow = tokens that nobody took from a full
-- bucket, less what has been refilled since: how much further the turn would have come by now (see turns).
local function read_bucket(bucket_key, event, now_us_value)
  local stored = redis.call('HMGET', bucket_key, 'tokens', 'refilledAt', 'overflow', 'counted')
  local before, refilled_at = tonumber(stored[1]), tonumber(stored[2])
  local overflow, counted = tonumber(stored[3]) or 0, tonumber(stored[4]) or 0
  if event.paused == 1 then return {tokens = before, refilled_at = refilled_at, overflow = overflow, credit = counted} end
  local tokens, lost = settle(event.rates, before, refilled_at, now_us_value)
  local credit = lost - math.max(0, tokens - before)
  return {tokens = tokens, refilled_at = refilled_at, overflow = math.max(0, overflow + credit - counted), credit = credit}
end

-- Stores the bucket with its clock at now_us; the caller writes both in the journal.
local function write_bucket(bucket_key, tokens, now_us_value, overflow)
  redis.call('HSET', bucket_key, 'tokens', int(tokens), 'refilledAt', int(now_us_value), 'overflow', int(overflow), 'counted', 0)
end
