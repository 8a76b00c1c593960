--[[
  Forget a lane's oldest tickets, and remember from when on the set is complete.

  KEYS[1] tickets     sorted set ticket -> time (ms) it was recorded; expires
  KEYS[2] tally       hash, the lane's counts; tickets_from_ms: from when on the set is complete
  ARGV[1] most        tickets kept

  Returns how many were forgotten.
]]
local tickets, tally = KEYS[1], KEYS[2]
local most = tonumber(ARGV[1])

local surplus = redis.call('ZCARD', tickets) - most
if surplus <= 0 then return 0 end
local gone = redis.call('ZPOPMIN', tickets, surplus)
redis.call('HSET', tally, 'tickets_from_ms', gone[#gone] + 1)
return surplus
