-- rejoin_chain: reads what rejoined.lua notes. Newer seqs are always larger, so following them ends. Needs int.
local function is_rejoin(rejoined_key, seq)
  return redis.call('HEXISTS', rejoined_key, 'newer:' .. int(seq)) == 1
end

-- All seqs that came after a lost one, directly or in turn; and whose the lost one was.
local function newer_than(rejoined_key, lost)
  local held = redis.call('HGET', rejoined_key, lost)
  if not held then return {}, {} end
  local seqs, people = unpack(cmsgpack.unpack(held))
  local seen = {}
  for _, seq in ipairs(seqs) do seen[seq] = true end
  local i = 1
  while i <= #seqs do
    local link = redis.call('HGET', rejoined_key, seqs[i])
    for _, seq in ipairs(link and cmsgpack.unpack(link)[1] or {}) do
      if not seen[seq] then
        seen[seq] = true
        seqs[#seqs + 1] = seq
      end
    end
    i = i + 1
  end
  return seqs, people
end
