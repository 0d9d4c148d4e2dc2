-- job_end: which places the next batch of an expiry or removal ends. Needs line, line_scan, line_bulk.
local LOOK_MAX = 5000

-- Takes places out of the line and out of those away; returns their seqs, ascending, and how many of them waited. Moves
-- `state` on; stage "done" = nothing is left. Listed places first (all at once), else those waiting, then those away. Who
-- steps away meanwhile is found there; with `all`, who comes back meanwhile is found by another round.
local function take_batch(keys, event, presence_ms, state, now_ms, limit)
  local seqs, waited = {}, 0
  local need_ms = math.max(0, (state.silentMs or 0) - presence_ms)
  local heard_ms = event.graceAt + 40000

  -- Silent for so long: `due` is what was heard plus at least presence_ms, so nobody who was heard within the time counts;
  -- nor does silence in which nobody could be heard.
  local function is_meant(due_ds)
    return state.all or now_ms - math.max(event.base + due_ds * 100, heard_ms) >= need_ms
  end

  if state.seqs then
    for seq in string.gmatch(state.seqs, '%d+') do
      seq = tonumber(seq)
      if is_waiting(keys.waiting, seq) then
        redis.call('SETBIT', keys.waiting, seq, 0)
        seqs[#seqs + 1], waited = seq, waited + 1
      elseif redis.call('ZREM', keys.away, seq) == 1 then seqs[#seqs + 1] = seq end
    end
    state.stage = 'done'
  elseif state.stage == 'line' then
    local looked, chosen = 0, {}
    local stopped = each_waiting(keys.waiting, keys.due, state.from or event.head, state.last, LOOK_MAX, function(seq, due_ds)
      looked = looked + 1
      if seq <= state.last and is_meant(due_ds) then chosen[#chosen + 1] = seq end
      return #chosen < limit and looked < LOOK_MAX and seq <= state.last
    end)
    set_waiting(keys.waiting, chosen, 0)
    seqs, waited = chosen, #chosen
    state.from = stopped
    if stopped > state.last or not first_waiting(keys.waiting, stopped) then state.stage, state.cursor = 'away', '0' end
  else
    local page = redis.call('ZSCAN', keys.away, state.cursor, 'COUNT', limit)
    for i = 1, #page[2], 2 do
      local seq = tonumber(page[2][i])
      local bytes = redis.call('GETRANGE', keys.due, seq * 4, seq * 4 + 3)
      local due_ds = #bytes == 4 and struct.unpack('>I4', bytes) or 0
      if seq <= state.last and is_meant(due_ds) and redis.call('ZREM', keys.away, seq) == 1 then seqs[#seqs + 1] = seq end
    end
    state.cursor = page[1]
    if page[1] == '0' then
      local first = state.all and first_waiting(keys.waiting, event.head)
      state.stage, state.from = 'done', nil
      if first and first <= state.last then state.stage = 'line' end
    end
  end
  table.sort(seqs)
  return seqs, waited
end
