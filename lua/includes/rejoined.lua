-- rejoined: lost seq -> {{newer seqs}, {digest, what `people` said of it, ...}}: who lost a place that can still be given
-- back and joined again; and "newer:seq" for each newer one, as the chain may go on from there even after it ended. Needs
-- int.
local function note_rejoined(rejoined_key, lost, newer, digest, value)
  local held = redis.call('HGET', rejoined_key, lost)
  local seqs, people = {}, {}
  if held then seqs, people = unpack(cmsgpack.unpack(held)) end
  if seqs[#seqs] ~= newer then seqs[#seqs + 1] = newer end
  people[#people + 1], people[#people + 2] = digest, value
  redis.call('HSET', rejoined_key, lost, cmsgpack.pack({seqs, people}), 'newer:' .. int(newer), 1)
end
