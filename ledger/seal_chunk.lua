--[[
  Forget a chunk whose results are written, and the lane's look at the task list with the last of its jobs.

  KEYS[1] chunk       hash {size, ended, loaded}
  KEYS[2] chores      sorted set chore -> time (ms)
  KEYS[3] counts      hash, the batch's counts in this lane
  KEYS[4] window      set of jobs in play
  KEYS[5] looks       hash {trusted_until_ms, ...} of the looks at the task list
  ARGV[1] prefix      of the job records' keys
  ARGV[2] chore       the chore that is done by this
  ARGV[3] look        the chore that is a look
  ARGV[4] jobs        the chunk's jobs, all further arguments

  Returns 1, or 0 when it was sealed before.
]]
local chunk, chores, counts, window, looks = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local prefix, chore, look, jobs = ARGV[1], ARGV[2], ARGV[3], 4

redis.call('ZREM', chores, chore)
if redis.call('EXISTS', window) == 0 then
  redis.call('ZREM', chores, look)
  redis.call('HDEL', looks, 'trusted_until_ms')
end
if redis.call('DEL', chunk) == 0 then return 0 end
for i = jobs, #ARGV do redis.call('UNLINK', prefix .. ARGV[i]) end
redis.call('HINCRBY', counts, 'sealed', 1)
return 1
