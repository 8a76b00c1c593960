--[[
  Keep a greater distance from the provider's limit, where a refusal says no more than that we came too close.

  KEYS[1] bucket      hash, see ledger/bucket.py
  KEYS[2] departures  sorted set order -> us at which it leaves, or left
  ARGV[1] order       that was refused
  ARGV[2] rest        us at least during which no slot is given
  ARGV[3] margin      us added to a window as long as nothing was refused
  ARGV[4] step        us by which a first refusal widens it; up to four times as many for those that follow soon
  ARGV[5] row         refusals with nothing taken between them that say more
  ARGV[6] most        thousandths of a window that it is never wider than

  Returns 1 when the distance is greater from now on, or was already; 0 when the limit itself is lower than we think.
]]
local bucket, departures, order = KEYS[1], KEYS[2], ARGV[1]
local rest, margin, step = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local row, most = tonumber(ARGV[5]), tonumber(ARGV[6])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('HMGET', bucket, 'period_us', 'interval_us', 'margin_us', 'closed_until_us', 'eased', 'calm', 'window_us')
local past = redis.call('HMGET', bucket, 'refused', 'refused_us', 'widened_us', 'step_us', 'row', 'verdict')
if past[1] == order then return tonumber(past[6]) end
local left = tonumber(redis.call('ZSCORE', departures, order) or '0')
-- Whoever has no slot any more was refused too long ago to teach anything.
if left == 0 or not held[1] then return 0 end
-- The provider did not count it, or it would not have been refused.
redis.call('ZREM', departures, order)
local before, period, verdict = tonumber(past[2] or '0'), tonumber(held[1]), 1
-- What was under way when an earlier refusal taught says nothing new.
if left > tonumber(past[3] or '0') then
  local function us(value) return string.format('%.0f', value) end
  local taken = redis.call('ZCOUNT', departures, '(' .. us(before), '(' .. us(left))
  local inarow = taken == 0 and tonumber(past[5] or '0') + 1 or 1
  if left - before < 2 * period and past[4] then step = math.min(2 * past[4], 4 * step) end
  local wider = tonumber(held[3] or margin) + step
  if inarow >= row or wider > held[7] * most / 1000 then
    verdict = 0
  else
    local closed = math.max(tonumber(held[4] or '0'), now + math.max(rest, held[2] / 4))
    redis.call('HSET', bucket, 'margin_us', us(wider), 'step_us', us(step), 'period_us', us(period + step),
      'closed_until_us', us(closed), 'widened_us', us(now), 'quiet', 0)
    -- Lessening it brought this refusal: the next try comes later.
    if held[5] == '1' then redis.call('HSET', bucket, 'eased', 0, 'calm', 2 * held[6]) end
  end
  redis.call('HSET', bucket, 'refused_us', us(left), 'row', inarow)
end
redis.call('HSET', bucket, 'refused', order, 'verdict', verdict)
redis.call('PEXPIRE', bucket, math.max(86400000, redis.call('PTTL', bucket)))
return verdict
