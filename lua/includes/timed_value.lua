-- timed_value: a setting with ramp and end in absolute Redis ms; the twin of src/queue/timed-value.ts.
local function parse_timed(text)
  if not text or text == '' then return nil end
  local from, from_at, to, to_at, till, after = string.match(text, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
  return {from = tonumber(from), from_at = tonumber(from_at), to = tonumber(to), to_at = tonumber(to_at),
    till = tonumber(till), after = tonumber(after)}
end

local function format_timed(timed)
  return string.format('%.0f %.0f %.0f %.0f %.0f %.0f',
    timed.from, timed.from_at, timed.to, timed.to_at, timed.till, timed.after)
end

local function value_at(timed, ms)
  if timed.till > 0 and ms >= timed.till then return timed.after end
  if ms >= timed.to_at then return timed.to end
  if ms <= timed.from_at then return timed.from end
  local share = (ms - timed.from_at) / (timed.to_at - timed.from_at)
  return math.floor(timed.from + (timed.to - timed.from) * share)
end

-- The value as it was up to a time: where it jumps at that very time, the one that ends there.
local function value_before(timed, ms)
  if timed.till > 0 and ms > timed.till then return timed.after end
  if ms > timed.to_at then return timed.to end
  if ms <= timed.from_at then return timed.from end
  local share = (ms - timed.from_at) / (timed.to_at - timed.from_at)
  return math.floor(timed.from + (timed.to - timed.from) * share)
end

local function add_bends(bends, timed, after_ms, before_ms)
  for _, ms in ipairs({timed.from_at, timed.to_at, timed.till}) do
    if ms > after_ms and ms < before_ms then bends[#bends + 1] = ms end
  end
end
