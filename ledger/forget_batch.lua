--[[
  Forget a finished batch, unless it was finished anew, or another round of it began.

  KEYS[1] record      hash, the batch's record
  ARGV[1] finished    when it was finished, as the caller saw it
  ARGV[2] others      the batch's other keys in this slot, all further arguments

  Returns keys that are gone, or 0 when it is not as the caller saw it.
]]
local record = KEYS[1]
local finished, others = ARGV[1], 2

local held = redis.call('HMGET', record, 'state', 'finished_at')
if held[1] ~= 'finished' or held[2] ~= finished then return 0 end
local gone = redis.call('UNLINK', record)
for i = others, #ARGV do gone = gone + redis.call('UNLINK', ARGV[i]) end
return gone
