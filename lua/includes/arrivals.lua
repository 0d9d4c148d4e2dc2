-- arrivals: when which places were joined: 8 bytes a record (u32 first seq of a batch, u32 tenths of a second since base),
-- at most one a second; later in a long event one in as many seconds as it has lasted days, so it grows with the logarithm
-- of time and needs no pruning (readers keep byte offsets). A sender that joined in this second already has looked.
local function note_arrival(arrivals_key, first, now_ms, base_ms, sender_ms)
  local now_sec = math.max(0, math.floor((now_ms - base_ms) / 1000))
  if sender_ms and math.floor((sender_ms - base_ms) / 1000) == now_sec then return end
  local last, step = redis.call('GETRANGE', arrivals_key, -8, -1), math.max(1, math.floor(now_sec / 86400))
  local last_ds = #last == 8 and struct.unpack('>I4', last, 5)
  if last_ds and math.floor(last_ds / 10 / step) >= math.floor(now_sec / step) then return end
  redis.call('APPEND', arrivals_key, struct.pack('>I4I4', first, math.max(0, math.floor((now_ms - base_ms) / 100))))
end
