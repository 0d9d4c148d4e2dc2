-- job: one operation on many places at a time, carried on batch by batch by whoever calls step_job. meta has `job` ("kind
-- auditId", empty when there is none; replicas see it), `jobState` (JSON, where it stands) and `jobDone` ("auditId places"
-- of the last one). Needs int, journal and settings_entry.

-- Tells replicas of meta as it is, with the bucket as it is stored. Returns n.
local function tell_settings(meta_key, bucket_key, journal_key, n)
  local tokens, refilled_at = unpack(redis.call('HMGET', bucket_key, 'tokens', 'refilledAt'))
  append_settings(journal_key, n, tonumber(tokens), tonumber(refilled_at), settings_json(meta_key))
  return n
end

local function job_id(event)
  return string.match(event.job, ' (%S+)$')
end
