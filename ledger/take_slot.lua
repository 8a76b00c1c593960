--[[
  Book the next slot of a token bucket (GCRA), unless it lies too far ahead.

  KEYS[1] bucket      hash {tat_us, cut, cut_until_us, closed_until_us}
  ARGV[1] emission    us between slots at the full rate
  ARGV[2] burst       slots that may come at one moment
  ARGV[3] patience    us: nothing is booked when the slot lies further ahead
  ARGV[4] recovery    thousandths of the full rate won back with each slot after a cut

  Returns {1, wait in us} when booked, {0, wait in us} when not.
]]
local bucket = KEYS[1]
local emission, burst, patience, recovery = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('HMGET', bucket, 'tat_us', 'cut', 'closed_until_us')
local cut = tonumber(held[2] or '1000')
local interval = emission * 1000 / cut
local closed = tonumber(held[3] or '0')
-- A closed bucket opens with the slots of one moment, not with those that would have come meanwhile.
local tat = math.max(tonumber(held[1] or '0'), closed, now)
-- At the full rate, cut or not: a cut must not bring a slot forward.
local tolerance = emission * (burst - 1)
local wait = math.max(tat - tolerance - now, closed - now, 0)
if wait > patience then return { 0, string.format('%.0f', wait) } end
redis.call('HSET', bucket, 'tat_us', string.format('%.0f', tat + interval),
  'cut', math.min(1000, cut + recovery))
redis.call('PEXPIRE', bucket, math.ceil((tat + interval - now) / 1000) + 60000)
return { 1, string.format('%.0f', wait) }
