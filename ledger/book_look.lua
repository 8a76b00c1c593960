--[[
  Write when a lane's task list is looked at again, if anything is in play, and until when the looks are relied on.

  KEYS[1] chores      sorted set chore -> time (ms)
  KEYS[2] looks       hash {trusted_until_ms, not_before_ms, looked_ms, skew_ms, false_alarms, missed}
  KEYS[3] window      set of jobs in play
  ARGV[1] chore       the look's name
  ARGV[2] delay       ms until the next look; -1: none is booked
  ARGV[3] hold        ms after it for which each task's own looks may wait; 0: they may not
  ARGV[4] pause       ms during which no first look is booked
  ARGV[5] skew        ms by which the provider's clock is ahead; empty: as it was
  ARGV[6] looked      time (ms) at which the list was read; empty: it was not
  ARGV[7] kept        ms the hash is kept

  Returns 1.
]]
local chores, looks, window = KEYS[1], KEYS[2], KEYS[3]
local chore, delay, hold, pause = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local skew, looked, kept = ARGV[5], ARGV[6], ARGV[7]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('EXISTS', window) == 0 then delay, hold = -1, 0 end
if delay < 0 then
  redis.call('ZREM', chores, chore)
else
  redis.call('ZADD', chores, now + delay, chore)
end
local trusted = 0
if hold > 0 then trusted = now + math.max(delay, 0) + hold end
redis.call('HSET', looks, 'trusted_until_ms', trusted, 'not_before_ms', now + pause)
if skew ~= '' then redis.call('HSET', looks, 'skew_ms', skew) end
if looked ~= '' then redis.call('HSET', looks, 'looked_ms', looked) end
if pause > 0 then redis.call('HDEL', looks, 'missed') end
redis.call('PEXPIRE', looks, kept)
return 1
