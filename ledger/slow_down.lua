--[[
  Push a token bucket forward and halve its rate, because the provider said: too many requests.

  KEYS[1] bucket      hash {tat_us, cut, cut_until_us, closed_until_us}
  ARGV[1] pause       us during which no slot is given
  ARGV[2] floor       thousandths of the full rate below which it is not cut

  Returns the rate that is left, in thousandths. Refusals within one pause cut once.
]]
local bucket = KEYS[1]
local pause, floor = tonumber(ARGV[1]), tonumber(ARGV[2])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('HMGET', bucket, 'tat_us', 'cut', 'cut_until_us', 'closed_until_us')
local cut = tonumber(held[2] or '1000')
if now >= tonumber(held[3] or '0') then
  cut = math.max(floor, math.floor(cut / 2))
  redis.call('HSET', bucket, 'cut_until_us', string.format('%.0f', now + pause))
end
local tat = math.max(tonumber(held[1] or '0'), now + pause)
-- The time alone would leave a burst's slots free within the pause.
local closed = math.max(tonumber(held[4] or '0'), now + pause)
redis.call('HSET', bucket, 'tat_us', string.format('%.0f', tat), 'cut', cut,
  'closed_until_us', string.format('%.0f', closed))
-- Never sooner than it would have: the bucket may be closed for longer than this pause.
redis.call('PEXPIRE', bucket, math.max(math.ceil((tat - now) / 1000) + 60000, redis.call('PTTL', bucket)))
return cut
