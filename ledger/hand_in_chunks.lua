--[[
  Put a batch's chunks into a lane's backlog, once.

  KEYS[1] waiting     list of chunks not loaded yet
  KEYS[2] tally       hash, the lane's counts by state
  KEYS[3] counts      hash, the batch's counts in this lane
  ARGV[1] jobs        in all the chunks together
  ARGV[2] chunks      the chunks' references, all further arguments

  Returns 1, or 0 when the batch's chunks are there already.
]]
local waiting, tally, counts = KEYS[1], KEYS[2], KEYS[3]
local jobs, chunks = ARGV[1], 2

if redis.call('HEXISTS', counts, 'chunks') == 1 then return 0 end
for i = chunks, #ARGV do redis.call('RPUSH', waiting, ARGV[i]) end
redis.call('HSET', counts, 'chunks', #ARGV - chunks + 1, 'sealed', 0, 'pending', jobs)
redis.call('HINCRBY', tally, 'pending', jobs)
return 1
