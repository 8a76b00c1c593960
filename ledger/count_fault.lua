--[[
  Count an order that went wrong by no fault of its row; a run of them opens the lane's breaker for a while.

  KEYS[1] tally       hash, the lane's counts; faults: orders in a row that went wrong
  KEYS[2] bucket      hash {tat_us, cut, cut_until_us, closed_until_us}
  ARGV[1] threshold   faults in a row that open the breaker
  ARGV[2] pause       us it stays open the first time; doubled with each probe that fails
  ARGV[3] most        us it stays open at most

  Returns {faults in a row, us for which no order leaves}; 0 us while the breaker is closed.
]]
local tally, bucket = KEYS[1], KEYS[2]
local threshold, pause, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local faults = redis.call('HINCRBY', tally, 'faults', 1)
if faults < threshold then return { faults, 0 } end
local closed = tonumber(redis.call('HGET', bucket, 'closed_until_us') or '0')
-- Orders that were under way when it opened say nothing new.
if closed > now then return { faults, string.format('%.0f', closed - now) } end
local probes = redis.call('HINCRBY', tally, 'probes', 1) - 1
local wait = math.min(pause * 2 ^ math.min(probes, 20), most)
redis.call('HSET', bucket, 'closed_until_us', string.format('%.0f', now + wait))
-- Never sooner than it would have: a slot booked far ahead outlives this pause.
redis.call('PEXPIRE', bucket, math.max(math.ceil(wait / 1000) + 60000, redis.call('PTTL', bucket)))
return { faults, string.format('%.0f', wait) }
