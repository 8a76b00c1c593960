--[[
  Try again later to send a notice that nobody took.

  KEYS[1] untold      hash occasion -> why nobody could be told of it
  KEYS[2] due         sorted set notice -> time (ms) of its next try
  KEYS[3] notice      hash {occasion, document, tries, posted_ms}
  ARGV[1] id          the notice's
  ARGV[2] occasion    what it tells of
  ARGV[3] why         why nobody took it
  ARGV[4] delay       ms until the next try

  Returns 1, or 0 when it is in the outbox no more.
]]
local untold, due, notice = KEYS[1], KEYS[2], KEYS[3]
local id, occasion, why, delay = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

if not redis.call('ZSCORE', due, id) or redis.call('EXISTS', notice) == 0 then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HINCRBY', notice, 'tries', 1)
redis.call('ZADD', due, now + delay, id)
redis.call('HSET', untold, occasion, why)
return 1
