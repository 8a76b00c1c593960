--[[
  Take a notice out of a batch's outbox: somebody was told, or nobody ever will be.

  KEYS[1] untold      hash occasion -> why nobody could be told of it
  KEYS[2] due         sorted set notice -> time (ms) of its next try
  KEYS[3] notice      hash {occasion, document, tries, posted_ms}
  ARGV[1] id          the notice's
  ARGV[2] occasion    what it tells of
  ARGV[3] why         why nobody was told; empty: somebody was

  Returns 1, or 0 when it was taken out before.
]]
local untold, due, notice = KEYS[1], KEYS[2], KEYS[3]
local id, occasion, why = ARGV[1], ARGV[2], ARGV[3]

if redis.call('ZREM', due, id) == 0 then return 0 end
redis.call('DEL', notice)
if why == '' then
  redis.call('HDEL', untold, occasion)
else
  redis.call('HSET', untold, occasion, why)
end
return 1
