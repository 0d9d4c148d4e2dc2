-- settings_entry: writes the journal entry that carries every setting of the event after a change.
-- Needs journal. Volatile counters are left out: replicas count for themselves.
local VOLATILE = {seq = true, n = true, waiting = true, head = true, sweeper = true, sweepUntil = true, sweptAt = true,
  expireCursor = true, pruneCursor = true, awayCursor = true, graceAt = true, returnedAt = true, lastAt = true, changes = true,
  jobState = true, jobDone = true, tombsUntil = true, joinsFrom = true, skipped = true, recoverAt = true,
  recoverWhy = true, recoverGiven = true, recoverTokens = true, recoverEnded = true, recoverJoins = true, recoverTook = true,
  recoverTotal = true, recoverPlaces = true}

local function settings_json(meta_key)
  local flat, settings = redis.call('HGETALL', meta_key), {}
  for i = 1, #flat, 2 do
    if not VOLATILE[flat[i]] then settings[flat[i]] = flat[i + 1] end
  end
  return cjson.encode(settings)
end

local function append_settings(journal_key, n, tokens, refilled_us, json)
  append(journal_key, n, string.format('s %.0f %.0f ', tokens, refilled_us) .. json)
end
