--[[
  Have a lane's task list looked at, unless that is booked already or did not go well lately.

  KEYS[1] chores      sorted set chore -> time (ms)
  KEYS[2] looks       hash {trusted_until_ms, not_before_ms, looked_ms, skew_ms, false_alarms, missed}
  ARGV[1] chore       the look's name
  ARGV[2] delay       ms until the first look
  ARGV[3] hold        ms for which each task's own looks may wait
  ARGV[4] kept        ms the hash is kept

  Returns 1, or 0 when nothing was booked.
]]
local chores, looks = KEYS[1], KEYS[2]
local chore, delay, hold, kept = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now < tonumber(redis.call('HGET', looks, 'not_before_ms') or '0') then return 0 end
if redis.call('ZADD', chores, 'NX', now + delay, chore) == 0 then return 0 end
redis.call('HSET', looks, 'trusted_until_ms', now + delay + hold)
redis.call('PEXPIRE', looks, kept)
return 1
