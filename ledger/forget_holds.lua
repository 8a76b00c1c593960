--[[
  Forget why nothing of a batch was ordered in one lane, if all of it has ended there.

  KEYS[1] holds       hash reason:batch -> 1
  KEYS[2] counts      hash, the batch's counts in this lane
  ARGV[1] batch       the batch

  Returns 1, or 0 when something of it is still in motion, or not handed in yet.
]]
local holds, counts = KEYS[1], KEYS[2]
local batch = ARGV[1]

local handed = redis.call('HMGET', counts, 'chunks', 'sealed')
if not handed[1] or tonumber(handed[2]) < tonumber(handed[1]) then return 0 end
redis.call(
  'HDEL', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch, 'hours:' .. batch
)
return 1
