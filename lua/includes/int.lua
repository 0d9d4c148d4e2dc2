-- int: a number as digits. Lua's own tostring keeps 14 of them, a time in microseconds has 16.
local function int(number)
  return string.format('%.0f', number)
end
