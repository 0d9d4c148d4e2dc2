-- set_sale: keep the plan of a sale beside its event, and what became of each step. A plan is taken while no other one
-- runs; what is said of a step stays as it was said first, and nothing is said of a sale that was stopped.
-- include now_us int timed_value event revision
-- KEYS[1] meta        hash    incarnation
-- KEYS[2] sale        hash    id, state (running, done, stopped), appliedAt, stoppedAt, and the sender's fields
-- KEYS[3] audit       stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] word        string  apply | note | done | stop
-- ARGV[3] saleId      string  of the sale that is meant
-- ARGV[4] fields      json    fields as text, put as they are; of apply and note
-- ARGV[5] audit       json    who, why, what; empty = no record
-- ARGV[6] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"applied"} | {"known"} it was so already | {"other", id, state} another sale, or one that is stopped
--         | {"fence", incarnation} | {"absent"}
-- COST    O(fields)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local word, now_ms = ARGV[2], math.floor(now_us(ARGV[6]) / 1000)
local held = redis.call('HMGET', KEYS[2], 'id', 'state')
local id, state = held[1] or '', held[2] or ''
local fields = cjson.decode(ARGV[4])

if word == 'apply' then
  if id == ARGV[3] then return {'known'} end
  if state == 'running' then return {'other', id, state} end
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'id', ARGV[3], 'state', 'running', 'appliedAt', int(now_ms))
elseif id ~= ARGV[3] then
  return {'other', id, state}
elseif word == 'stop' then
  if state == 'stopped' then return {'known'} end
  redis.call('HSET', KEYS[2], 'state', 'stopped', 'stoppedAt', int(now_ms))
elseif state ~= 'running' then
  return {'other', id, state}
elseif word == 'done' then
  redis.call('HSET', KEYS[2], 'state', 'done')
else
  assert(word == 'note', 'no such word')
end

local fresh = word ~= 'note'
for name, value in pairs(fields) do
  assert(type(value) == 'string', 'not a text: ' .. name)
  if redis.call('HSETNX', KEYS[2], name, value) == 1 then fresh = true end
end
if not fresh then return {'known'} end
write_audit(KEYS[3], ARGV[5], 0, now_ms)
return {'applied'}
