-- recovery_end: a worker is through, and if it was the last, or the time is up, people are let in again. Needs int, journal,
-- settings_entry, revision and recovery. Returns n after it, and whether nobody is kept waiting any more.
local function end_recovery(keys, event, now_ms, n, worker, is_through)
  if is_through then redis.call('HSET', keys.survivors, worker, 't') end
  if event.recoverUntil == 0 then return n, true end
  local over = now_ms >= event.recoverUntil or none_in(keys.survivors, 'wm')
  join_again(keys.meta, keys.survivors, event, now_ms, over)
  if not over then return n, false end
  local given, ended, at = unpack(redis.call('HMGET', keys.meta, 'recoverGiven', 'recoverEnded', 'recoverAt'))
  redis.call('HSET', keys.meta, 'recoverUntil', 0, 'returnedAt', int(now_ms), 'recoverTook', int(now_ms - tonumber(at or now_ms)))
  given, ended = tonumber(given or '0'), tonumber(ended or '0')
  local tokens, refilled_at = unpack(redis.call('HMGET', keys.bucket, 'tokens', 'refilledAt'))
  append_settings(keys.journal, n + 1, tonumber(tokens), tonumber(refilled_at), settings_json(keys.meta))
  write_audit(keys.audit, recovery_record(keys.meta, now_ms,
    string.format('recovered: %d places given back, %d ends applied', given, ended), {}), 0, now_ms)
  return n + 1, true
end
