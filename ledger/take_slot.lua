--[[
  Book the next slot: evenly spaced, and never more in one of the provider's windows than it admits.

  KEYS[1] bucket      hash, see ledger/bucket.py
  KEYS[2] departures  sorted set order -> us at which it leaves, or left
  ARGV[1] order       who leaves; asked again it keeps its slot
  ARGV[2] emission    us between slots at the full rate
  ARGV[3] burst       slots that may come at one moment
  ARGV[4] patience    us: nothing is booked when the slot lies further ahead
  ARGV[5] recovery    thousandths of the full rate won back with each slot after a cut
  ARGV[6] margin      us added to a window until refusals have taught another figure
  ARGV[7] ease        us by which what they taught is lessened when nothing was refused for long
  ARGV[8] calm        slots that are long at first; doubled whenever lessening brought a refusal

  Returns {1, wait in us, us at which it is} when booked, {0, wait in us, ...} when not.
]]
local bucket, departures, order = KEYS[1], KEYS[2], ARGV[1]
local emission, burst, patience, recovery = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local margin, ease, calm = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local booked = tonumber(redis.call('ZSCORE', departures, order) or '0')
if booked >= now then return { 1, string.format('%.0f', booked - now), string.format('%.0f', booked) } end

local held = redis.call('HMGET', bucket, 'tat_us', 'cut', 'closed_until_us', 'margin_us', 'quiet', 'calm')
local cut = tonumber(held[2] or '1000')
local interval = emission * 1000 / cut
local whole = math.max(math.floor(1000000 / emission + 0.000001), 1)
local window, admitted = whole * interval, whole + burst - 1
margin, calm = tonumber(held[4] or margin), tonumber(held[6] or calm)

local closed, tat = tonumber(held[3] or '0'), tonumber(held[1] or '0')
-- A short delay is made up for, within what a window admits; after a rest the lane begins anew.
tat = now - tat > window and now or math.max(tat, now - (whole - 1) * interval)
-- A closed bucket opens with the slots of one moment, not with those that would have come meanwhile.
tat = math.max(tat, closed)
-- At the full rate, cut or not: a cut must not bring a slot forward.
local slot = math.max(tat - emission * (burst - 1), now)
local last = redis.call('ZREVRANGE', departures, 0, 0, 'WITHSCORES')
-- Made up for in small steps: orders that leave together hinder each other.
if burst == 1 and last[2] then slot = math.max(slot, last[2] + interval / 4) end
local oldest = redis.call('ZREVRANGE', departures, admitted - 1, admitted - 1, 'WITHSCORES')
if oldest[2] then slot = math.max(slot, oldest[2] + window + margin) end
slot = math.max(slot, closed)
local wait = slot - now
if wait > patience then return { 0, string.format('%.0f', wait), string.format('%.0f', slot) } end

local quiet = tonumber(held[5] or '0') + 1
if quiet >= calm and margin > 0 then
  margin, quiet = math.max(margin - ease, 0), 0
  redis.call('HSET', bucket, 'margin_us', string.format('%.0f', margin), 'eased', 1, 'calm', calm)
end
redis.call('HSET', bucket, 'tat_us', string.format('%.0f', tat + interval), 'quiet', quiet,
  'cut', math.min(1000, cut + recovery), 'admitted', admitted, 'interval_us', string.format('%.0f', interval),
  'window_us', string.format('%.0f', whole * emission), 'period_us', string.format('%.0f', window + margin))
redis.call('ZADD', departures, string.format('%.0f', slot), order)
-- One window's worth that left, and another that is still to leave; where more is admitted than ever leaves, those of
-- the last minute: an answer that comes late still finds whose it is.
redis.call('ZREMRANGEBYRANK', departures, 0, -2 * admitted - 2)
redis.call('ZREMRANGEBYSCORE', departures, '-inf', string.format('%.0f', now - 2 * (window + margin) - 60000000))
local rest = math.ceil((math.max(tat + interval, slot + window) - now) / 1000) + 60000
-- What refusals taught is not forgotten over a day without orders.
redis.call('PEXPIRE', bucket, redis.call('HEXISTS', bucket, 'margin_us') == 1 and math.max(rest, 86400000) or rest)
redis.call('PEXPIRE', departures, rest)
return { 1, string.format('%.0f', wait), string.format('%.0f', slot) }
