-- turns: the claim clocks. Each mark says up to which seq the turn had come at a time; a place's clock began at the
-- first mark that covers it, so one mark a sweep stands for any number of places.

-- The seq up to which the turn had come at before_ms; marks that are older still are dropped.
local function claimed_boundary(turns_key, before_ms)
  local boundary = 0
  while true do
    local ms, seq = string.match(redis.call('LINDEX', turns_key, 0) or '', '^(%d+) (%d+)$')
    if not ms or tonumber(ms) > before_ms then return boundary end
    boundary = tonumber(seq)
    local following = redis.call('LINDEX', turns_key, 1)
    if not following or tonumber(string.match(following, '^%d+')) > before_ms then return boundary end
    redis.call('LPOP', turns_key)
  end
end

-- Notes that the turn has come up to seq, unless it had before.
local function mark_turn(turns_key, now_ms, seq)
  local newest = string.match(redis.call('LINDEX', turns_key, -1) or '', ' (%d+)$')
  if seq > tonumber(newest or '0') then
    redis.call('RPUSH', turns_key, string.format('%.0f %.0f', now_ms, seq))
  end
end

-- Begins all claim clocks anew: nobody could enter until now, so the tokens lost meanwhile were nobody's turn.
-- Needs bucket.
local function restart_clocks(turns_key, bucket_key, event, now_us_value)
  redis.call('DEL', turns_key)
  local bucket = read_bucket(bucket_key, event, now_us_value)
  redis.call('HSET', bucket_key, 'overflow', 0, 'counted', string.format('%.0f', bucket.credit))
end
