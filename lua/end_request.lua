-- end_request: keep the answer of a request for those who ask the same again, or free its key; only for the attempt that
-- is under way by the record, so that one which took too long changes nothing.
-- KEYS[1] record      hash    body, owner while under way | body, status, answer
-- KEYS[2] pass        string  "key body owner" of the first request that used the pass
-- ARGV[1] key         string  digest of the idempotency key
-- ARGV[2] owner       string  of the attempt
-- ARGV[3] status      int     HTTP status of the answer; 0 = free the key
-- ARGV[4] answer      string  body of the answer
-- ARGV[5] keepMs      int     how long the answer is kept, ms
-- ARGV[6] gaveBack    int     1 = the backend said no for good: the pass is free again, unless an attempt before this one
--                             used it too, which may have succeeded without a word
-- RETURNS {"kept"} | {"freed"} | {"lost"}
-- COST    O(1)
local record = redis.call('HMGET', KEYS[1], 'owner', 'body')
if record[1] ~= ARGV[2] then return {'lost'} end
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
  return {'freed'}
end
redis.call('HDEL', KEYS[1], 'owner')
redis.call('HSET', KEYS[1], 'status', ARGV[3], 'answer', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if ARGV[6] == '1' and redis.call('GET', KEYS[2]) == table.concat({ARGV[1], record[2], ARGV[2]}, ' ') then
  redis.call('DEL', KEYS[2])
end
return {'kept'}
