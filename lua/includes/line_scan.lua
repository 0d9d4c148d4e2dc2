-- line_scan: walks the waiting bitmap in order of seq, in chunks, with what `due` says of each place.
local BITS = {128, 64, 32, 16, 8, 4, 2, 1}

-- First waiting seq at or after `from`, or nil.
local function first_waiting(waiting_key, from)
  local seq = redis.call('BITPOS', waiting_key, 1, from, -1, 'BIT')
  return seq >= 0 and seq or nil
end

-- Calls visit(seq, due_ds) for each waiting place from seq `from` on until it answers false or `most` places are read.
-- Returns the seq at which it stopped. What a recovery left out is jumped over.
local function each_waiting(waiting_key, due_key, from, last, most, visit)
  local seen, byte_at = 0, math.floor(from / 8)
  local last_byte = math.floor(last / 8)
  while byte_at <= last_byte and seen < most do
    local bytes = redis.call('GETRANGE', waiting_key, byte_at, math.min(byte_at + 127, last_byte))
    local dues
    for i = 1, #bytes do
      local byte = string.byte(bytes, i)
      if byte > 0 then
        dues = dues or redis.call('GETRANGE', due_key, byte_at * 32, (byte_at + #bytes) * 32 - 1)
        for bit = 1, 8 do
          if byte >= BITS[bit] then
            byte = byte - BITS[bit]
            local seq = (byte_at + i - 1) * 8 + bit - 1
            local at = (seq - byte_at * 8) * 4 + 1
            local due_ds = at + 3 <= #dues and struct.unpack('>I4', dues, at) or 0
            seen = seen + 1
            if seq >= from and not visit(seq, due_ds) then return seq end
          end
        end
      end
    end
    local next_seq = not dues and first_waiting(waiting_key, math.min((byte_at + 128) * 8, last))
    if not dues and not next_seq then return last + 1 end
    byte_at = dues and byte_at + 128 or math.max(byte_at + 128, math.floor(next_seq / 8))
  end
  return math.min(byte_at * 8, last + 1)
end

-- The k-th waiting seq counted from `first`, or the last one where fewer wait; by halving the range.
local function nth_waiting(waiting_key, first, last, k)
  local low, high = first, last
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('BITCOUNT', waiting_key, first, middle, 'BIT') >= k then high = middle else low = middle + 1 end
  end
  return low
end
