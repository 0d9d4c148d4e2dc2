-- line: the bitmaps and lists that say where a place is. `waiting` has one bit a seq, `ended` two, `due` four bytes
-- (tenths of a second since the event's base), `away` is a zset seq -> since ms * 2 + (1 when unclaimed).
-- Redis counts bit 0 from the most significant side; BITFIELD takes 48 bits a call, so that doubles stay exact.
local ENTERED, LEFT, EXPIRED = 1, 2, 3

local function is_waiting(waiting_key, seq)
  return redis.call('GETBIT', waiting_key, seq) == 1
end

local function is_live(waiting_key, away_key, seq)
  return is_waiting(waiting_key, seq) or redis.call('ZSCORE', away_key, seq) ~= false
end

local function ended_as(ended_key, seq)
  return redis.call('BITFIELD_RO', ended_key, 'GET', 'u2', '#' .. string.format('%.0f', seq))[1]
end

local function end_place(ended_key, seq, how)
  redis.call('BITFIELD', ended_key, 'SET', 'u2', '#' .. string.format('%.0f', seq), how)
end

-- People waiting in front of seq. head = no place before it waits.
local function count_before(waiting_key, head, seq)
  if seq <= head then return 0 end
  return redis.call('BITCOUNT', waiting_key, head, seq - 1, 'BIT')
end

local function set_due(due_key, seq, due_ds)
  redis.call('SETRANGE', due_key, seq * 4, struct.pack('>I4', due_ds))
end

-- due in tenths of a second since base, rounded up, from a time in ms.
local function to_due_ds(base_ms, ms)
  return math.max(0, math.ceil((ms - base_ms) / 100))
end

-- "3,7-9": ascending seqs as the journal writes them.
local function format_seqs(seqs)
  local parts, i = {}, 1
  while i <= #seqs do
    local last = i
    while seqs[last + 1] == seqs[last] + 1 do last = last + 1 end
    local first_text = string.format('%.0f', seqs[i])
    parts[#parts + 1] = last == i and first_text or first_text .. '-' .. string.format('%.0f', seqs[last])
    i = last + 1
  end
  return table.concat(parts, ',')
end
