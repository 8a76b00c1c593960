--[[
  Note that an order left later than its mark said, so that the slots after it keep their distance.

  KEYS[1] departures  sorted set order -> us at which it leaves, or left
  ARGV[1] order       whose answer says so
  ARGV[2] left        us at which it left

  Returns 1 when that was later, 0 when not, or when it is no longer remembered.
]]
local departures = KEYS[1]
local order, left = ARGV[1], ARGV[2]

return redis.call('ZADD', departures, 'XX', 'GT', 'CH', left, order)
