-- copy_audit: copy one event's new audit records to the trail of all events, which outlives the event. The cursor says
-- how far the event's own stream was copied: of several processes that copy the same records, one does and one only.
-- KEYS[1] audit     stream  field record: entries of all events
-- KEYS[2] auditSeen hash    event -> id of its last record that was copied
-- ARGV[1] event     string  whose records these are
-- ARGV[2] after     string  cursor that the sender read; empty = none
-- ARGV[3] last      string  id of the last of these records: the cursor from now on
-- ARGV[4] records   json    list of texts, oldest first, put as they are; at most 500
-- RETURNS {"copied", records} | {"moved", cursor} somebody else was first: nothing was copied
-- COST    O(records)
local seen = redis.call('HGET', KEYS[2], ARGV[1]) or ''
if seen ~= ARGV[2] then return {'moved', seen} end
local records = cjson.decode(ARGV[4])
assert(#records <= 500, 'too many records')
for _, record in ipairs(records) do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', 100000, '*', 'record', record)
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return {'copied', #records}
