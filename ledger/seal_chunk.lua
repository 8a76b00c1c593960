--[[
  Forget a chunk whose results are written.

  KEYS[1] chunk       hash {size, ended, loaded}
  KEYS[2] chores      sorted set chore -> time (ms)
  KEYS[3] counts      hash, the batch's counts in this lane
  ARGV[1] prefix      of the job records' keys
  ARGV[2] chore       the chore that is done by this
  ARGV[3] jobs        the chunk's jobs, all further arguments

  Returns 1, or 0 when it was sealed before.
]]
local chunk, chores, counts = KEYS[1], KEYS[2], KEYS[3]
local prefix, chore, jobs = ARGV[1], ARGV[2], 3

redis.call('ZREM', chores, chore)
if redis.call('DEL', chunk) == 0 then return 0 end
for i = jobs, #ARGV do redis.call('UNLINK', prefix .. ARGV[i]) end
redis.call('HINCRBY', counts, 'sealed', 1)
return 1
