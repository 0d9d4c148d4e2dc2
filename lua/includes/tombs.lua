-- tombs: places that an operator expired, kept so that they can be given back. The hash has a field `index` (a line a
-- tomb: "auditId untilMs places") and, per tomb and block of 500 seqs, a field "auditId:block" with seqs as the journal
-- writes them: so a restore finds them in ascending order, in batches. Needs int and line.
local TOMB_BLOCK = 500

local function read_tombs(tombs_key)
  local tombs = {}
  for id, till, places in string.gmatch(redis.call('HGET', tombs_key, 'index') or '', '(%S+) (%d+) (%d+)') do
    tombs[#tombs + 1] = {id = id, till = tonumber(till), places = tonumber(places)}
  end
  return tombs
end

local function find_tomb(tombs, id)
  for i, tomb in ipairs(tombs) do
    if tomb.id == id then return tomb, i end
  end
end

-- Stores the index, and in meta until when any tomb is kept (0 = there is none).
local function write_tombs(tombs_key, meta_key, tombs)
  local lines, till = {}, 0
  for i, tomb in ipairs(tombs) do
    lines[i] = string.format('%s %.0f %.0f', tomb.id, tomb.till, tomb.places)
    till = math.max(till, tomb.till)
  end
  if #tombs == 0 then redis.call('DEL', tombs_key) else redis.call('HSET', tombs_key, 'index', table.concat(lines, '\n')) end
  redis.call('HSET', meta_key, 'tombsUntil', int(till))
end

-- "3,7-9" as a list.
local function parse_seqs(text)
  local seqs = {}
  for first, last in string.gmatch(text or '', '(%d+)%-?(%d*)') do
    for seq = tonumber(first), tonumber(last) or tonumber(first) do seqs[#seqs + 1] = seq end
  end
  return seqs
end

-- Adds ascending seqs to a tomb's blocks.
local function bury(tombs_key, id, seqs)
  local from = 1
  while from <= #seqs do
    local block, to = math.floor(seqs[from] / TOMB_BLOCK), from
    while to < #seqs and math.floor(seqs[to + 1] / TOMB_BLOCK) == block do to = to + 1 end
    local field, part = id .. ':' .. int(block), {}
    for i = from, to do part[#part + 1] = seqs[i] end
    local held = redis.call('HGET', tombs_key, field)
    redis.call('HSET', tombs_key, field, (held and held .. ',' or '') .. format_seqs(part))
    from = to + 1
  end
end

-- The seqs of one block, ascending.
local function read_block(tombs_key, id, block)
  local seqs = parse_seqs(redis.call('HGET', tombs_key, id .. ':' .. int(block)))
  table.sort(seqs)
  return seqs
end

local function forget_block(tombs_key, id, block)
  redis.call('HDEL', tombs_key, id .. ':' .. int(block))
end
