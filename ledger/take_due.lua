--[[
  Hand out the jobs whose next moment has come, each under a new claim.

  KEYS[1] agenda      sorted set job -> time (ms)
  KEYS[2] ready       list of jobs that wait for a place
  ARGV[1] prefix      of the job records' keys
  ARGV[2] lease       ms until a job handed out is due again
  ARGV[3] limit       most jobs handed out

  Returns ref, state, claim, handouts of each job handed out. Pending jobs go to the head of ready instead.
]]
local agenda, ready = KEYS[1], KEYS[2]
local prefix, lease, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local handed = {}
if limit < 1 then return handed end
for _, ref in ipairs(redis.call('ZRANGE', agenda, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)) do
  local job = prefix .. ref
  local state = redis.call('HGET', job, 'state')
  if not state then
    redis.call('ZREM', agenda, ref)
  elseif state == 'pending' then
    redis.call('ZREM', agenda, ref)
    redis.call('LPUSH', ready, ref)
  else
    redis.call('ZADD', agenda, now + lease, ref)
    local claim = redis.call('HINCRBY', job, 'claim', 1)
    local handouts = redis.call('HINCRBY', job, 'handouts', 1)
    for _, value in ipairs({ ref, state, claim, handouts }) do handed[#handed + 1] = value end
  end
end
return handed
