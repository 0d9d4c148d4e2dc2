-- line_bulk: many places at once, in few commands: 500 seqs are 2,000 words of one BITFIELD. Needs int.
local function set_waiting(waiting_key, seqs, bit)
  local words = {}
  for i, seq in ipairs(seqs) do
    words[i * 4 - 3], words[i * 4 - 2], words[i * 4 - 1], words[i * 4] = 'SET', 'u1', int(seq), bit
  end
  if #seqs > 0 then redis.call('BITFIELD', waiting_key, unpack(words)) end
end

-- how: 0 = not ended, or as in line.
local function end_places(ended_key, seqs, how)
  local words = {}
  for i, seq in ipairs(seqs) do
    words[i * 4 - 3], words[i * 4 - 2], words[i * 4 - 1], words[i * 4] = 'SET', 'u2', '#' .. int(seq), how
  end
  if #seqs > 0 then redis.call('BITFIELD', ended_key, unpack(words)) end
end

-- Those of these seqs that ended in such a way.
local function which_ended(ended_key, seqs, how)
  local words, found = {}, {}
  for i, seq in ipairs(seqs) do words[i * 3 - 2], words[i * 3 - 1], words[i * 3] = 'GET', 'u2', '#' .. int(seq) end
  local endings = #seqs > 0 and redis.call('BITFIELD_RO', ended_key, unpack(words)) or {}
  for i, seq in ipairs(seqs) do
    if endings[i] == how then found[#found + 1] = seq end
  end
  return found
end

-- One time for ascending seqs, a run of neighbours a command.
local function set_dues(due_key, seqs, due_ds)
  local bytes, i = struct.pack('>I4', due_ds), 1
  while i <= #seqs do
    local last = i
    while seqs[last + 1] == seqs[last] + 1 do last = last + 1 end
    redis.call('SETRANGE', due_key, seqs[i] * 4, string.rep(bytes, last - i + 1))
    i = last + 1
  end
end
