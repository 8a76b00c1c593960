--[[
  Forget why nothing of a batch was ordered in one lane, if all of it has ended there.

  KEYS[1] holds       hash reason:batch -> 1
  KEYS[2] counts      hash, the batch's counts in this lane
  KEYS[3] jobs        list: the batch's parked jobs
  KEYS[4] chunks      list: the batch's parked chunks
  ARGV[1] batch       the batch

  Returns 1, or 0 when something of it is still in motion, or not handed in yet.
]]
local holds, counts, jobs, chunks = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local batch = ARGV[1]

local handed = redis.call('HMGET', counts, 'chunks', 'sealed')
if not handed[1] or tonumber(handed[2]) < tonumber(handed[1]) then return 0 end
redis.call('HDEL', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch)
redis.call('UNLINK', jobs, chunks)
return 1
