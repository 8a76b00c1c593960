--[[
  Put a batch's chunks into a lane, once, and into the backlog unless the batch is held.

  KEYS[1] waiting     list: the batch's chunks not loaded yet
  KEYS[2] tally       hash, the lane's counts by state; turn: its present virtual time
  KEYS[3] counts      hash, the batch's counts in this lane
  KEYS[4] holds       hash reason:batch -> 1
  ARGV[1] batch       the batch
  ARGV[2] backlog     prefix of the backlogs of each stride
  ARGV[3] stride      virtual time that a job of the batch takes, unless another was set before
  ARGV[4] jobs        in all the chunks together
  ARGV[5] chunks      the chunks' references, all further arguments

  Returns 1, or 0 when the batch's chunks are there already.
]]
local waiting, tally, counts, holds = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local batch, backlog, stride, jobs, chunks = ARGV[1], ARGV[2], ARGV[3], ARGV[4], 5

if redis.call('HEXISTS', counts, 'chunks') == 1 then return 0 end
for i = chunks, #ARGV do redis.call('RPUSH', waiting, ARGV[i]) end
redis.call('HSETNX', counts, 'stride', stride)
local held = redis.call(
  'HMGET', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch, 'hours:' .. batch
)
if not (held[1] or held[2] or held[3] or held[4]) then
  local key = backlog .. redis.call('HGET', counts, 'stride')
  redis.call('ZADD', key, 'NX', redis.call('HGET', tally, 'turn') or 0, batch)
end
redis.call('HSET', counts, 'chunks', #ARGV - chunks + 1, 'sealed', 0, 'pending', jobs)
redis.call('HINCRBY', tally, 'pending', jobs)
return 1
