--[[
  Ask for a look at a member of an index, no later than after a while.

  KEYS[1] index       sorted set name -> time (ms)
  ARGV[1] name        the member; it is added when it is not there
  ARGV[2] delay       ms from now

  Returns 1.
]]
local index = KEYS[1]
local name, delay = ARGV[1], tonumber(ARGV[2])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', index, 'LT', now + delay, name)
return 1
