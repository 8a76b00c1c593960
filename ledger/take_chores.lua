--[[
  Hand out a lane's due chores, and say when its next chore or job is due.

  KEYS[1] chores      sorted set chore -> time (ms)
  KEYS[2] agenda      sorted set job -> time (ms)
  ARGV[1] lease       ms until a chore handed out is due again
  ARGV[2] limit       most chores handed out

  Returns ms until the next one is due (0: now, -1: there is none), then each chore handed out.
]]
local chores, agenda = KEYS[1], KEYS[2]
local lease, limit = tonumber(ARGV[1]), tonumber(ARGV[2])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local handed = {}
if limit > 0 then
  handed = redis.call('ZRANGE', chores, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
  for _, chore in ipairs(handed) do redis.call('ZADD', chores, now + lease, chore) end
end

local moment = -1
for _, key in ipairs({ agenda, chores }) do
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if first[2] and (moment == -1 or first[2] - now < moment) then
    moment = math.max(first[2] - now, 0)
  end
end
table.insert(handed, 1, string.format('%.0f', moment))
return handed
