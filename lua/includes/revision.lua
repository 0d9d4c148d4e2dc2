-- revision: the settings as of each revision, and records in the audit trail. Needs int.
local VERSIONS_MAX = 100
local AUDIT_LEN_MAX = 10000

-- Keeps the settings of this revision: the last 100, and the first one.
local function write_version(versions_key, revision, json)
  redis.call('HSET', versions_key, int(revision), json)
  if revision - VERSIONS_MAX > 1 then redis.call('HDEL', versions_key, int(revision - VERSIONS_MAX)) end
end

-- revision 0 = the record is of something that made none; an empty record is not written.
local function write_audit(audit_key, record, revision, at_ms)
  if record == '' then return end
  redis.call('XADD', audit_key, 'MAXLEN', '~', AUDIT_LEN_MAX, '*', 'record', record, 'revision', int(revision), 'at', int(at_ms))
end
