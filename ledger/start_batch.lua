--[[
  Say that all chunks of a batch's round are handed in, unless that was said before.

  KEYS[1] record      hash, the batch's record
  ARGV[1] number      the round's; 1 is the manifest

  Returns 1, or 0 when the batch is not opening any more, or opens another round.
]]
local record = KEYS[1]
local number = ARGV[1]

local held = redis.call('HMGET', record, 'state', 'round_number')
if held[1] ~= 'opening' or (held[2] or '1') ~= number then return 0 end
return redis.call('HSET', record, 'state', 'running') and 1
