--[[
  Ask soon for tasks that a lane's task list told of, or that it will tell nothing of any more.

  KEYS[1] agenda      sorted set job -> time (ms)
  ARGV[1] prefix      of the job records' keys
  ARGV[2] ended       1: the tasks have ended, and each is asked for at that moment; 0: no later than that
  ARGV[3] moments     ref, delay ... of each job, in ms from now

  Returns how many of the jobs have a new moment. A job in somebody's hands, or brought forward before, has none.
]]
local agenda = KEYS[1]
local prefix, ended, moments = ARGV[1], ARGV[2], 3

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local moved = 0
for i = moments, #ARGV - 1, 2 do
  local ref, moment = ARGV[i], now + tonumber(ARGV[i + 1])
  local job = redis.call('HMGET', prefix .. ref, 'state', 'handouts', 'brought_forward')
  -- In somebody's hands its moment is the end of a lease.
  if job[1] == 'running' and (job[2] or '0') == '0' and (job[3] or '') == '' then
    if ended == '1' then
      redis.call('HSET', prefix .. ref, 'brought_forward', moment)
      moved = moved + redis.call('ZADD', agenda, 'XX', 'CH', moment, ref)
    else
      moved = moved + redis.call('ZADD', agenda, 'XX', 'LT', 'CH', moment, ref)
    end
  end
end
return moved
