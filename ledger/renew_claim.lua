--[[
  Lengthen the lease of a job that is still being worked on.

  KEYS[1] job         hash, the job's record
  KEYS[2] agenda      sorted set job -> time (ms)
  ARGV[1] ref         the job
  ARGV[2] claim       the holder's claim number
  ARGV[3] lease       ms from now

  Returns 1, or 0 when the claim is lost.
]]
local job, agenda = KEYS[1], KEYS[2]
local ref, claim, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])

local held = redis.call('HMGET', job, 'claim', 'handouts')
if held[1] ~= claim then return 0 end
-- Its outcome is written: the next moment is what the outcome said, not the end of a lease.
if tonumber(held[2] or '0') == 0 then return 1 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', agenda, 'XX', now + lease, ref)
return 1
