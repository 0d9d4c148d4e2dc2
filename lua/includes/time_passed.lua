-- time_passed: what time has done to an event since somebody last wrote it down: phases, ends of limited values, the end
-- of a message. Whoever changes the event next writes it, with the time at which it happened, so it is in the audit trail
-- once and whoever was dead. Needs int, timed_value, event, revision.
local SUMMARY = {
  prequeue = 'joining began on time', open = 'opened on time', deadline = 'closed at its deadline',
  empty = 'closed: nobody is left', refill = 'refill is back', capacity = 'capacity is back', message = 'the message ended',
}

-- The value without the limit that has ended.
local function without_end(timed)
  return {from = timed.after, from_at = 0, to = timed.after, to_at = 0, till = 0, after = timed.after}
end

-- Returns fields for meta (a flat list), records to write, and whether the phase changed; sets event.phase and, where a
-- limit ended, event.rates: settle the bucket before. `empty` = nobody waits and nobody is away.
local function time_passed(meta_key, event, now_ms, empty)
  local fields, records, phase_changed = {}, {}, false
  local function note(at_ms, action, summary, row)
    local name = redis.sha1hex(meta_key .. event.life .. summary .. int(at_ms))
    records[#records + 1] = {at = at_ms, json = cjson.encode({
      auditId = 'aud_' .. string.sub(name, 1, 10), event = string.match(meta_key, '{(.+)}'), actor = 'system',
      role = 'system', client = 'gateway', action = action, summary = SUMMARY[summary], reason = '', rows = {row},
    })}
  end
  local function put(name, value) fields[#fields + 1], fields[#fields + 2] = name, value end
  local function turn(phase, at_ms, action, summary)
    note(math.max(at_ms, event.changedAt), action, summary, {name = 'phase', unit = 'text', before = event.phase, after = phase})
    event.phase, phase_changed = phase, true
  end

  local opens = event.opensAt > 0 and now_ms >= event.opensAt
  local joins_at = event.prequeueFrom
  if event.phase == 'scheduled' and joins_at > 0 and now_ms >= joins_at and not (opens and event.opensAt <= joins_at) then
    turn('prequeue', joins_at, 'queue.open', 'prequeue')
  end
  if opens and (event.phase == 'scheduled' or event.phase == 'prequeue') then
    turn('open', event.opensAt, 'queue.open', 'open')
  elseif event.phase == 'draining' and event.deadline > 0 and now_ms >= event.deadline then
    turn('closed', event.deadline, 'queue.close', 'deadline')
  elseif event.phase == 'draining' and empty then
    turn('closed', now_ms, 'queue.close', 'empty')
  end
  if phase_changed then put('phase', event.phase) end

  local units = {refill = 'perSec', capacity = 'tokens'}
  local names = {refill = 'refillPerSec', capacity = 'capacity'}
  for _, which in ipairs({'refill', 'capacity'}) do
    local timed = event.rates[which]
    if timed and timed.till > 0 and now_ms >= timed.till then
      note(timed.till, 'bucket.return', which, {name = names[which], unit = units[which],
        before = value_at(timed, timed.till - 1) / 1000000, after = timed.after / 1000000})
      event.rates[which] = without_end(timed)
      put(which, format_timed(event.rates[which]))
    end
  end

  local message, till = unpack(redis.call('HMGET', meta_key, 'message', 'messageUntil'))
  local till_ms = tonumber(till or '0') or 0
  if till_ms > 0 and now_ms >= till_ms and message and message ~= '' then
    note(till_ms, 'message.clear', 'message', {name = 'message', unit = 'text', before = message, after = cjson.null})
    put('message', '')
    put('messageUntil', '0')
  end
  return fields, records, phase_changed
end

local function write_records(audit_key, records, revision)
  for _, record in ipairs(records) do write_audit(audit_key, record.json, revision, record.at) end
end
