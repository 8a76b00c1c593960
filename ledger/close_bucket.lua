--[[
  Give no slot of a token bucket for a while, whatever its rate.

  KEYS[1] bucket      hash {tat_us, cut, cut_until_us, closed_until_us, shut_until_us}
  ARGV[1] pause       us during which no slot is given

  Returns us until a slot is given again.
]]
local bucket = KEYS[1]
local pause = tonumber(ARGV[1])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local closed = math.max(tonumber(redis.call('HGET', bucket, 'closed_until_us') or '0'), now + pause)
redis.call('HSET', bucket, 'closed_until_us', string.format('%.0f', closed),
  'shut_until_us', string.format('%.0f', now + pause))
-- Never sooner than it would have: a slot booked far ahead outlives this pause.
redis.call('PEXPIRE', bucket, math.max(math.ceil((closed - now) / 1000) + 60000, redis.call('PTTL', bucket)))
return string.format('%.0f', closed - now)
