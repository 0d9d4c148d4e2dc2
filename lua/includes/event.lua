-- event: what a transition must know of its event, read in one HMGET, and the phase that time makes of it.
-- Needs timed_value. Returns nil where the event does not exist.
local EVENT_TEXT = {'life', 'incarnation', 'phase', 'refill', 'capacity', 'tiers', 'sweeper', 'job', 'brake'}
local EVENT_NUMBER = {'revision', 'seq', 'n', 'paused', 'opensAt', 'prequeueFrom', 'deadline', 'window',
  'claimMs', 'expireNearMs', 'expireFarMs', 'maxWaiting', 'waiting', 'head', 'graceAt', 'changedAt',
  'returnedAt', 'base', 'sweepUntil', 'sweptAt', 'expireCursor', 'tombsUntil', 'brakeSince', 'recoverUntil',
  'joinsFrom'}

local function read_event(meta_key)
  local fields = {}
  for i, name in ipairs(EVENT_TEXT) do fields[i] = name end
  for _, name in ipairs(EVENT_NUMBER) do fields[#fields + 1] = name end
  local values = redis.call('HMGET', meta_key, unpack(fields))
  if not values[1] then return nil end
  local event = {}
  for i, name in ipairs(EVENT_TEXT) do event[name] = values[i] or '' end
  for i, name in ipairs(EVENT_NUMBER) do event[name] = tonumber(values[#EVENT_TEXT + i] or '0') or 0 end
  event.restoring = event.job ~= '' and string.sub(event.job, 1, 8) == 'restore '
  event.rates = {refill = parse_timed(event.refill), capacity = parse_timed(event.capacity),
    brake = parse_timed(event.brake)}
  return event
end

-- Opening and the end of draining are decided here, by Redis TIME, with every admin process dead.
local function phase_at(event, ms)
  if event.phase == 'scheduled' or event.phase == 'prequeue' then
    if event.opensAt > 0 and ms >= event.opensAt then return 'open' end
    if event.prequeueFrom > 0 and ms >= event.prequeueFrom then return 'prequeue' end
  elseif event.phase == 'draining' and event.deadline > 0 and ms >= event.deadline then
    return 'closed'
  end
  return event.phase
end

-- 0 = the default: max(100, 4 s of refill).
local function window_at(event, ms)
  if event.window > 0 then return event.window end
  return math.max(100, math.floor(4 * value_at(event.rates.refill, ms) / 1000000))
end
