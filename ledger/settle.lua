--[[
  Turn what was set aside for orders into what they cost, once each.

  KEYS[1] purse         hash {limit, spent, reserved, day}
  KEYS[2] reservations  hash ref -> millionths set aside
  KEYS[3] refused       set of refs that were refused and have not come back
  ARGV[1] limit         millionths; empty: the purse's own, and none where it has none
  ARGV[2] offset        s from UTC to where the day begins; empty: the purse knows no days
  ARGV[3] idle          s after which a purse with days is forgotten unless used
  ARGV[4] costs         ref, millionths, ref, millionths ... of orders that are over

  Returns how many had a reservation, how many refs were refused and wait, spent, reserved, limit (-1: none).
]]
local purse, reservations, refused = KEYS[1], KEYS[2], KEYS[3]
local limit, offset, idle, costs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), 4

local held = redis.call('HMGET', purse, 'limit', 'spent', 'reserved', 'day')
limit = limit or tonumber(held[1] or '')
local spent, reserved, settled = tonumber(held[2] or '0'), tonumber(held[3] or '0'), 0
if offset then
  local today = math.floor((redis.call('TIME')[1] + offset) / 86400)
  if today > tonumber(held[4] or '-1') then
    spent = 0
    redis.call('HSET', purse, 'day', today, 'spent', 0)
  end
end

for i = costs, #ARGV - 1, 2 do
  local amount = redis.call('HGET', reservations, ARGV[i])
  redis.call('SREM', refused, ARGV[i])
  if amount then
    redis.call('HDEL', reservations, ARGV[i])
    reserved = redis.call('HINCRBY', purse, 'reserved', string.format('%.0f', 0 - amount))
    spent = redis.call('HINCRBY', purse, 'spent', ARGV[i + 1])
    settled = settled + 1
  end
end
if offset then
  for _, key in ipairs({ purse, reservations, refused }) do redis.call('EXPIRE', key, idle) end
end
return { settled, redis.call('SCARD', refused), spent, reserved, limit or -1 }
