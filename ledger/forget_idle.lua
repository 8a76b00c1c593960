--[[
  Take a member out of an index, unless somebody asked for a look in the meantime.

  KEYS[1] index       sorted set name -> time (ms)
  ARGV[1] name        the member
  ARGV[2] booked      the time (ms) it had when it was found idle

  Returns 1 when taken out, 0 when somebody asked.
]]
local index = KEYS[1]
local name, booked = ARGV[1], tonumber(ARGV[2])

if tonumber(redis.call('ZSCORE', index, name) or '0') ~= booked then return 0 end
return redis.call('ZREM', index, name)
