-- expire: end places that were silent too long: near the front (two windows, and all away) after expireNearMs,
-- further back after expireFarMs. A cursor walks the line and another one those away, a chunk a call. Nobody polls a
-- closed event, so silence ends nothing there while closing it can still be undone.
-- include now_us int timed_value event line line_scan journal
-- KEYS[1] meta        hash    head, waiting, n, graceAt, expireCursor, awayCursor
-- KEYS[2] waiting     string  bit a seq
-- KEYS[3] away        zset    seq -> since
-- KEYS[4] due         string  4 bytes a seq
-- KEYS[5] ended       string  2 bits a seq
-- KEYS[6] journal     stream
-- ARGV[1] incarnation string  of the event as the sender knows it
-- ARGV[2] limit       int     most places to end, 1..500
-- ARGV[3] nowUs       int?    µs; empty = Redis clock
-- RETURNS {"expired", count, more} | {"fence", incarnation} | {"absent"}
-- COST    O(2 windows + chunk of 2,000 + limit log away)
local event = read_event(KEYS[1])
if not event then return {'absent'} end
if event.incarnation ~= ARGV[1] then return {'fence', event.incarnation} end
local now_ms = math.floor(now_us(ARGV[3]) / 1000)
if now_ms < event.graceAt + 300000 then return {'expired', 0, 0} end
if phase_at(event, now_ms) == 'closed' and now_ms - event.changedAt < 1200000 then return {'expired', 0, 0} end
local limit, now_ds = tonumber(ARGV[2]), math.floor((now_ms - event.base) / 100)
local near_ds, far_ds = event.expireNearMs / 100, event.expireFarMs / 100

local ended, from_waiting = {}, 0
local page = redis.call('ZSCAN', KEYS[3], redis.call('HGET', KEYS[1], 'awayCursor') or '0', 'COUNT', limit)
for i = 1, #page[2], 2 do
  local seq = tonumber(page[2][i])
  local bytes = redis.call('GETRANGE', KEYS[4], seq * 4, seq * 4 + 3)
  local due_ds = #bytes == 4 and struct.unpack('>I4', bytes) or 0
  if now_ds - due_ds >= near_ds and redis.call('ZREM', KEYS[3], seq) == 1 then ended[#ended + 1] = seq end
end

local seen, marked = 0, {}
local function judge_after(silence_ds, most)
  return function(seq, due_ds)
    seen = seen + 1
    if now_ds - due_ds >= silence_ds and not marked[seq] then
      marked[seq] = true
      ended[#ended + 1], from_waiting = seq, from_waiting + 1
    end
    return #ended < limit and seen < most
  end
end
local near = 2 * window_at(event, now_ms)
each_waiting(KEYS[2], KEYS[4], event.head, event.seq, near, judge_after(near_ds, near))
seen = 0
local from = math.max(event.expireCursor, event.head)
local stopped = each_waiting(KEYS[2], KEYS[4], from, event.seq, 2000, judge_after(far_ds, 2000))
redis.call('HSET', KEYS[1], 'awayCursor', page[1], 'expireCursor', stopped > event.seq and 0 or int(stopped))
if #ended == 0 then return {'expired', 0, 0} end

table.sort(ended)
for _, seq in ipairs(ended) do
  if marked[seq] then redis.call('SETBIT', KEYS[2], seq, 0) end
  end_place(KEYS[5], seq, EXPIRED)
end
redis.call('HSET', KEYS[1], 'waiting', event.waiting - from_waiting, 'n', event.n + 1)
append(KEYS[6], event.n + 1, string.format('x %.0f ', now_ms) .. format_seqs(ended))
return {'expired', #ended, #ended >= limit and 1 or 0}
