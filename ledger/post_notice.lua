--[[
  Put a notice into a batch's outbox, unless another one tells of its occasion.

  KEYS[1] told        hash occasion -> id of the notice that tells of it
  KEYS[2] untold      hash occasion -> why nobody could be told of it yet
  KEYS[3] due         sorted set notice -> time (ms) of its next try
  KEYS[4] notice      hash {occasion, document, tries, posted_ms}
  ARGV[1] occasion    what there is to tell
  ARGV[2] id          the notice's
  ARGV[3] document    what is told
  ARGV[4] why         what is said until somebody was told
  ARGV[5] kept        s after which a notice is forgotten that nobody sent

  Returns 1, or 0 when another notice tells of it.
]]
local told, untold, due, notice = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local occasion, id, document, why, kept = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

if redis.call('HSETNX', told, occasion, id) == 0 then
  return redis.call('HGET', told, occasion) == id and 1 or 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', notice, 'occasion', occasion, 'document', document, 'tries', 0, 'posted_ms', now)
redis.call('ZADD', due, now, id)
redis.call('HSET', untold, occasion, why)
for _, key in ipairs({ notice, due }) do redis.call('EXPIRE', key, kept) end
return 1
