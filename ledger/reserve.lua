--[[
  Set money aside for one order, unless the purse would then hold more than its limit.

  KEYS[1] purse         hash {limit, spent, reserved, day}
  KEYS[2] reservations  hash ref -> millionths set aside
  KEYS[3] refused       set of refs that were refused and have not come back
  ARGV[1] ref           the job
  ARGV[2] amount        millionths of a currency unit the order may cost
  ARGV[3] limit         millionths; empty: the purse's own, and none where it has none
  ARGV[4] offset        s from UTC to where the day begins; empty: the purse knows no days
  ARGV[5] idle          s after which a purse with days is forgotten unless used

  Returns 1 or 0 (reserved or refused), spent, reserved, limit (-1: none), s until the next day (0: no days).
]]
local purse, reservations, refused = KEYS[1], KEYS[2], KEYS[3]
local ref, amount, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local offset, idle = tonumber(ARGV[4]), tonumber(ARGV[5])

local held = redis.call('HMGET', purse, 'limit', 'spent', 'reserved', 'day')
limit = limit or tonumber(held[1] or '')
local spent, reserved, rest = tonumber(held[2] or '0'), tonumber(held[3] or '0'), 0
if offset then
  local now, day = redis.call('TIME')[1] + offset, tonumber(held[4] or '-1')
  -- A clock that was set back must not give a day's money twice.
  if math.floor(now / 86400) > day then
    day, spent = math.floor(now / 86400), 0
    redis.call('HSET', purse, 'day', day, 'spent', 0)
  end
  rest = (day + 1) * 86400 - now
end

local more = amount - tonumber(redis.call('HGET', reservations, ref) or '0')
-- What asks for no more than it has is never refused, even after the limit was lowered.
local fits = more <= 0 or not limit or spent + reserved + more <= limit
if fits then
  redis.call('HSET', reservations, ref, string.format('%.0f', amount))
  reserved = redis.call('HINCRBY', purse, 'reserved', string.format('%.0f', more))
  redis.call('SREM', refused, ref)
else
  redis.call('SADD', refused, ref)
end
if offset then
  for _, key in ipairs({ purse, reservations, refused }) do redis.call('EXPIRE', key, idle) end
end
return { fits and 1 or 0, spent, reserved, limit or -1, rest }
