--[[
  Put off the look at a member of an index; one that was taken out stays out.

  KEYS[1] index       sorted set name -> time (ms)
  ARGV[1] name        the member
  ARGV[2] delay       ms from now

  Returns 1, or 0 when it is not there.
]]
local index = KEYS[1]
local name, delay = ARGV[1], tonumber(ARGV[2])

if not redis.call('ZSCORE', index, name) then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', index, now + delay, name)
return 1
