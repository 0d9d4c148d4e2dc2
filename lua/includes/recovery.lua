-- recovery: what a loss of data leaves to put right. meta has `recoveries`, a line a recovery of the last ten minutes:
-- "epoch incarnation n from to at" = the epoch that began, the incarnation and number of the last entry as Redis had them (* = it
-- had nothing), which seqs may have been given out and lost (from < seq <= to), when. Until `recoverUntil` nobody is let in,
-- until `joinsFrom` nobody joins. What the last one came to stays for operators: `recoverAt`, `recoverWhy`, `recoverGiven` and
-- `recoverTokens` (places), `recoverEnded`, `recoverJoins` and `recoverTook` (ms without joins and enters); of all of them:
-- `recoverTotal`, `recoverPlaces`. The hash `survivors` says how far each worker that lived before has come: w = not heard of
-- yet, m = said what it knows, t = also gave back what Redis lost. Needs int.
local RECOVERY_KEPT_MS = 600000
local RECOVERIES_MAX = 8

local function read_recoveries(text, now_ms)
  local recoveries = {}
  for line in string.gmatch(text, '[^\n]+') do
    local epoch, from, to, at = string.match(line, '^(%d+) %S+ %d+ (%d+) (%d+) (%d+)$')
    if epoch and now_ms - tonumber(at) < RECOVERY_KEPT_MS then
      recoveries[#recoveries + 1] = {text = line, epoch = tonumber(epoch), from = tonumber(from), to = tonumber(to)}
    end
  end
  return recoveries
end

local function with_recovery(recoveries, line)
  local lines = {}
  for i = math.max(1, #recoveries - RECOVERIES_MAX + 2), #recoveries do lines[#lines + 1] = recoveries[i].text end
  lines[#lines + 1] = line
  return table.concat(lines, '\n')
end

-- Whether a seq, of a token of such an epoch (nil = of any older one), may have been given out and lost.
local function may_be_lost(recoveries, seq, epoch)
  for _, recovery in ipairs(recoveries) do
    if seq > recovery.from and seq <= recovery.to and (not epoch or epoch < recovery.epoch) then return true end
  end
  return false
end

-- Whether every survivor has come so far that none is in one of these states.
local function none_in(survivors_key, states)
  for _, state in ipairs(redis.call('HVALS', survivors_key)) do
    if string.find(states, state, 1, true) then return false end
  end
  return true
end

local function start_report(meta_key, now_ms, why)
  redis.call('HSET', meta_key, 'recoverAt', int(now_ms), 'recoverWhy', why, 'recoverGiven', 0, 'recoverTokens', 0,
    'recoverEnded', 0, 'recoverJoins', 0, 'recoverTook', 0)
  redis.call('HINCRBY', meta_key, 'recoverTotal', 1)
end

-- Joins go on once every worker has said what it knows, and at the latest when it is over.
local function join_again(meta_key, survivors_key, event, now_ms, is_over)
  if event.joinsFrom == 0 or not is_over and not none_in(survivors_key, 'w') then return end
  local at = tonumber(redis.call('HGET', meta_key, 'recoverAt') or now_ms)
  redis.call('HSET', meta_key, 'joinsFrom', 0, 'recoverJoins', int(math.max(0, math.min(now_ms, event.joinsFrom) - at)))
end

local function recovery_record(meta_key, now_ms, summary, rows)
  return cjson.encode({
    auditId = 'aud_' .. string.sub(redis.sha1hex(meta_key .. summary .. int(now_ms)), 1, 10),
    event = string.match(meta_key, '{(.+)}'), actor = 'system', role = 'system', client = 'gateway',
    action = 'queue.recover', summary = summary, reason = '', rows = rows,
  })
end
