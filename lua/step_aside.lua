-- step_aside: the sweep of one gateway per event (lease inside). Steps around places in the window that are silent
-- past their due, and places whose turn came claim_sec ago and who never entered; keeps the clocks for the latter.
-- A turn comes when everybody in front could have entered: position <= min(tokens, window) + overflow of the bucket.
-- Only the boundary seq of each sweep is kept, so the clocks cost nothing per place.
-- include now_us int timed_value bucket event line line_scan turns journal settings_entry
-- KEYS[1] meta        hash    head, waiting, sweeper, sweepUntil, sweptAt, graceAt
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since ms * 2 + unclaimed
-- KEYS[4] due         string  4 bytes a seq
-- KEYS[5] bucket      hash    tokens, refilledAt, overflow, counted
-- KEYS[6] reporters   hash    reporter -> last ms, revision, gateway
-- KEYS[7] turns       list    "ms seq": at ms the turn had come up to seq
-- KEYS[8] returned    zset    seq -> back since ms
-- KEYS[9] journal     stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] worker      string  who sweeps
-- ARGV[3] leaseMs     int     how long the lease holds from now, ms
-- ARGV[4] limit       int     most places to move, 1..500
-- ARGV[5] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"swept", silent, unclaimed, more} | {"held", msLeft} | {"fence", incarnation} | {"absent"}
-- COST    O(window + limit log away + reporters + places between head and seq / 8 bytes * log places)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local now = now_us(ARGV[5])
local now_ms = math.floor(now / 1000)
local is_leased = now_ms >= event.sweptAt and now_ms < event.sweepUntil
if event.sweeper ~= ARGV[2] and is_leased then return {'held', event.sweepUntil - now_ms} end
redis.call('HSET', KEYS[1], 'sweeper', ARGV[2], 'sweepUntil', int(now_ms + tonumber(ARGV[3])), 'sweptAt', int(now_ms))

local grace_at = event.graceAt
if event.sweptAt > 0 and math.abs(now_ms - event.sweptAt) > 5000 then grace_at = now_ms end
local reporters = redis.call('HGETALL', KEYS[6])
for i = 1, #reporters, 2 do
  if math.abs(now_ms - tonumber(string.match(reporters[i + 1], '^%d+'))) > 5000 then
    grace_at = now_ms
    redis.call('HDEL', KEYS[6], reporters[i])
  end
end
if grace_at ~= event.graceAt then
  redis.call('HSET', KEYS[1], 'graceAt', int(grace_at))
  restart_clocks(KEYS[7], KEYS[5], event, now)
end

local phase = phase_at(event, now_ms)
if phase ~= 'open' and phase ~= 'draining' then
  restart_clocks(KEYS[7], KEYS[5], event, now)
  return {'swept', 0, 0, 0}
end
local running = event.paused == 0 and not event.restoring and now_ms >= event.recoverUntil
local window, limit = window_at(event, now_ms), tonumber(ARGV[4])
local heard_only = now_ms < grace_at + 40000
local now_ds = math.floor((now_ms - event.base) / 100)

local claimed_to = running and claimed_boundary(KEYS[7], now_ms - event.claimMs) or 0
local silent, unclaimed, present = {}, {}, 0
local function judge(seq, due_ds)
  local back_ms = seq <= claimed_to and tonumber(redis.call('ZSCORE', KEYS[8], seq) or '0')
  if back_ms and back_ms <= now_ms - event.claimMs then
    unclaimed[#unclaimed + 1] = seq
  elseif not heard_only and due_ds < now_ds then
    silent[#silent + 1] = seq
  else
    present = present + 1
  end
  return present < window and #silent + #unclaimed < limit
end
each_waiting(KEYS[2], KEYS[4], event.head, event.seq, 20000, judge)

local n, moved = event.n, #silent + #unclaimed
local function step_around(seqs, letter, unclaimed_bit)
  if #seqs == 0 then return end
  for _, seq in ipairs(seqs) do
    redis.call('SETBIT', KEYS[2], seq, 0)
    redis.call('ZADD', KEYS[3], int(now_ms * 2 + unclaimed_bit), seq)
  end
  n = n + 1
  append(KEYS[9], n, string.format('a %s %.0f ', letter, now_ms) .. format_seqs(seqs))
end
step_around(silent, 's', 0)
step_around(unclaimed, 'u', 1)
local first, left = first_waiting(KEYS[2], event.head), event.waiting - moved

if running then
  local bucket = read_bucket(KEYS[5], event, now)
  local tokens = math.max(0, bucket.tokens)
  local overflow = math.max(0, math.min(bucket.overflow - #unclaimed * MICRO, left * MICRO - tokens))
  redis.call('HSET', KEYS[5], 'overflow', int(overflow), 'counted', int(bucket.credit))
  if bucket.refilled_at > now then -- The clock was set back: the bucket would stand still until it catches up.
    n = n + 1
    write_bucket(KEYS[5], bucket.tokens, now, overflow)
    append_settings(KEYS[9], n, bucket.tokens, now, settings_json(KEYS[1]))
  end
  local reach = math.min(math.floor(tokens / MICRO), window) + math.floor(overflow / MICRO)
  local seq = first and reach > 0 and nth_waiting(KEYS[2], first, event.seq, reach)
  if seq then mark_turn(KEYS[7], now_ms, seq) end
end
redis.call('HSET', KEYS[1], 'n', n, 'waiting', left, 'head', first or event.seq + 1)
return {'swept', #silent, #unclaimed, moved >= limit and 1 or 0}
