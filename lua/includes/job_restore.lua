-- job_restore: which places the next batch of a restore gives back. Needs line, line_bulk, tombs, rejoin_chain.
local BLOCKS_MAX = 400

-- Whoever lost a place and joined again holds a newer one. The smaller seq stays: the newer ones end, and the person is
-- found at the old one. Not where a newer one has been let in. Returns whether to give the place back, the seqs that
-- ended, and how many of them waited.
local function settle_rejoined(keys, seq)
  local newer, people = newer_than(keys.rejoined, seq)
  for _, other in ipairs(newer) do
    if ended_as(keys.ended, other) == ENTERED then return false, {}, 0 end
  end
  local ended, waited = {}, 0
  for _, other in ipairs(newer) do
    if is_waiting(keys.waiting, other) then
      redis.call('SETBIT', keys.waiting, other, 0)
      waited = waited + 1
    end
    redis.call('ZREM', keys.away, other)
    if ended_as(keys.ended, other) ~= LEFT then
      end_place(keys.ended, other, LEFT)
      ended[#ended + 1] = other
    end
  end
  for i = 1, #people, 2 do redis.call('HSET', keys.people, people[i], people[i + 1]) end
  for _, other in ipairs(newer) do redis.call('HDEL', keys.rejoined, other, 'newer:' .. int(other)) end
  redis.call('HDEL', keys.rejoined, seq)
  return true, ended, waited
end

-- Gives back the next places of a tomb in ascending order, as heard now. Returns their seqs, those that ended instead, and
-- how many more people wait than before. Moves `state` on; stage "done" = nothing is left.
local function give_back(keys, state, due_ds, limit)
  local seqs, ended, less, looked = {}, {}, 0, 0
  local last_block, any_rejoined = math.floor(state.last / TOMB_BLOCK), redis.call('EXISTS', keys.rejoined) == 1
  while state.block <= last_block and looked < BLOCKS_MAX do
    local block = read_block(keys.tombs, state.undoes, state.block)
    if #seqs > 0 and #seqs + #block > limit then break end
    for _, seq in ipairs(which_ended(keys.ended, block, EXPIRED)) do
      local wanted, others, waited = true, {}, 0
      if any_rejoined then wanted, others, waited = settle_rejoined(keys, seq) end
      for _, other in ipairs(others) do ended[#ended + 1] = other end
      less = less + waited
      if wanted then seqs[#seqs + 1] = seq end
    end
    forget_block(keys.tombs, state.undoes, state.block)
    state.block, looked = state.block + 1, looked + 1
  end
  if state.block > last_block then state.stage = 'done' end
  end_places(keys.ended, seqs, 0)
  set_waiting(keys.waiting, seqs, 1)
  set_dues(keys.due, seqs, due_ds)
  return seqs, ended, #seqs - less
end
