--[[
  Say that a batch's round is finished, unless that was said before or another round began.

  KEYS[1] record      hash, the batch's record
  ARGV[1] number      the round's; 1 is the manifest
  ARGV[2] finished    when it was finished

  Returns 1, or 0 when it was finished before, or another round began.
]]
local record = KEYS[1]
local number, finished = ARGV[1], ARGV[2]

local held = redis.call('HMGET', record, 'state', 'round_number')
if not held[1] or held[1] == 'finished' or (held[2] or '1') ~= number then return 0 end
redis.call('HSET', record, 'state', 'finished', 'finished_at', finished)
return 1
