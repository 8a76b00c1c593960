--[[
  Become or stay the leader, if nobody else is.

  KEYS[1] leader      string, the leader's name; expires
  ARGV[1] name        who asks
  ARGV[2] term        ms the leadership lasts unless renewed

  Returns 1 when the asker leads, 0 when another does.
]]
local leader = KEYS[1]
local name, term = ARGV[1], tonumber(ARGV[2])

local held = redis.call('GET', leader)
if held and held ~= name then return 0 end
redis.call('SET', leader, name, 'PX', term)
return 1
