-- bucket: the token bucket settled at a time, in integer micro-tokens; the twin of src/queue/bucket.ts.
-- Needs timed_value. Each stretch between bends runs at its middle rate (exact: the course is linear), then is capped.
local MICRO = 1000000
local BURST_MIN = 100 * MICRO
local BURST_SEC = 4

local function capacity_at(rates, ms)
  if rates.capacity then return value_at(rates.capacity, ms) end
  return math.max(BURST_MIN, BURST_SEC * value_at(rates.refill, ms))
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
  table.sort(bends)
  for i = 1, #bends do bends[i] = bends[i] * 1000 end
  bends[#bends + 1] = now_us_value
  local from_us = refilled_us
  for _, to_us in ipairs(bends) do
    tokens = tokens + accrued(value_at(rates.refill, (from_us + to_us) / 2000), to_us - from_us)
    local cap = capacity_at(rates, to_us / 1000)
    if tokens > cap then
      lost = lost + (tokens - cap)
      tokens = cap
    end
    from_us = to_us
  end
  return tokens, lost
end
