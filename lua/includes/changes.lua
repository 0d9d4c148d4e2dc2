-- changes: the last operator changes of an event, so that one that is sent again after a lost reply is not made twice
-- even where another one came between. Kept in meta as a JSON list of {id, revision, at}.
local CHANGES_MAX = 8

local function read_changes(meta_key)
  return cjson.decode(redis.call('HGET', meta_key, 'changes') or '[]')
end

local function find_change(changes, id)
  if id == '' then return nil end
  for _, change in ipairs(changes) do
    if change.id == id then return change end
  end
end

-- The list with one more, as text for meta. cjson writes 14 digits: enough for a time in ms.
local function with_change(changes, id, revision, at_ms)
  if #changes >= CHANGES_MAX then table.remove(changes, 1) end
  changes[#changes + 1] = {id = id, revision = revision, at = at_ms}
  return cjson.encode(changes)
end
