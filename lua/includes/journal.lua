-- journal: appends one entry with the running number n, which is the stream id too. The caller stores n in meta.
local JOURNAL_LEN_MAX = 120000

local function append(journal_key, n, text)
  redis.call('XADD', journal_key, 'MAXLEN', '~', JOURNAL_LEN_MAX, string.format('%.0f-0', n), 'e', text)
end
