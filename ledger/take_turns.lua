--[[
  Hand out the members of an index whose next moment has come, and book a later look at each.

  KEYS[1] index       sorted set name -> time (ms)
  ARGV[1] again       ms until a member handed out is looked at again, if nobody asks sooner
  ARGV[2] limit       most members handed out

  Returns the time booked for them (ms), then each member handed out.
]]
local index = KEYS[1]
local again, limit = tonumber(ARGV[1]), tonumber(ARGV[2])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local booked = string.format('%.0f', now + again)
local due = redis.call('ZRANGE', index, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
for _, name in ipairs(due) do redis.call('ZADD', index, booked, name) end
table.insert(due, 1, booked)
return due
