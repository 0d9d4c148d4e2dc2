-- begin_request: take up a request with an idempotency key, or say what became of the same one before. At most one of
-- all that share a key is under way at a time. Binds the pass to the first key that uses it: no other key gets past.
-- KEYS[1] record      hash    body, owner while under way | body, status, answer; goes by itself
-- KEYS[2] pass        string  "key body owner" of the first request that used the pass; goes by itself
-- ARGV[1] key         string  digest of the idempotency key
-- ARGV[2] body        string  digest of who asks what
-- ARGV[3] owner       string  unique for this attempt
-- ARGV[4] flightMs    int     how long this attempt may be under way, ms
-- ARGV[5] boundMs     int     how long the pass stays bound from its first use on, ms; 0 = a request without a pass
-- ARGV[6] isOver      int     1 = the pass has run out: only the key that it is bound to may go on with it
-- RETURNS {"begun"} | {"replay", status, answer} | {"in_flight"} | {"conflict"} | {"used"} | {"run_out"}
-- COST    O(1)
local record = redis.call('HMGET', KEYS[1], 'body', 'status', 'answer')
if record[1] then
  if record[1] ~= ARGV[2] then return {'conflict'} end
  if record[2] then return {'replay', tonumber(record[2]), record[3]} end
  return {'in_flight'}
end
local bound_ms = tonumber(ARGV[5])
if bound_ms > 0 then
  local bound = redis.call('GET', KEYS[2])
  if bound then
    local key, body = bound:match('^(%S+) (%S+)')
    if key ~= ARGV[1] then return {'used'} end
    if body ~= ARGV[2] then return {'conflict'} end
  else
    if ARGV[6] == '1' then return {'run_out'} end
    redis.call('SET', KEYS[2], table.concat({ARGV[1], ARGV[2], ARGV[3]}, ' '), 'PX', bound_ms)
  end
end
redis.call('HSET', KEYS[1], 'body', ARGV[2], 'owner', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'begun'}
