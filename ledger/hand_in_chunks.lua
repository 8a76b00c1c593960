--[[
  Put a batch's chunks into a lane's backlog, once; out of the way where the batch is held.

  KEYS[1] waiting     list of chunks not loaded yet
  KEYS[2] tally       hash, the lane's counts by state
  KEYS[3] counts      hash, the batch's counts in this lane
  KEYS[4] holds       hash reason:batch -> 1
  KEYS[5] parked      list: the batch's parked chunks
  ARGV[1] batch       the batch
  ARGV[2] jobs        in all the chunks together
  ARGV[3] chunks      the chunks' references, all further arguments

  Returns 1, or 0 when the batch's chunks are there already.
]]
local waiting, tally, counts, holds, parked = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local batch, jobs, chunks = ARGV[1], ARGV[2], 3

if redis.call('HEXISTS', counts, 'chunks') == 1 then return 0 end
local held = redis.call('HMGET', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch)
local list = (held[1] or held[2] or held[3]) and parked or waiting
for i = chunks, #ARGV do redis.call('RPUSH', list, ARGV[i]) end
redis.call('HSET', counts, 'chunks', #ARGV - chunks + 1, 'sealed', 0, 'pending', jobs)
redis.call('HINCRBY', tally, 'pending', jobs)
return 1
