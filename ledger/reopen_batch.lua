--[[
  Announce a further round of a finished batch, unless somebody else did.

  KEYS[1] record      hash, the batch's record
  ARGV[1] finished    when it was finished, as the caller saw it
  ARGV[2] number      the round's
  ARGV[3] round       the round's document

  Returns 1, or 0 when the batch is not finished any more, or finished anew.
]]
local record = KEYS[1]
local finished, number, round = ARGV[1], ARGV[2], ARGV[3]

local held = redis.call('HMGET', record, 'state', 'finished_at')
if held[1] ~= 'finished' or held[2] ~= finished then return 0 end
redis.call('HSET', record, 'state', 'opening', 'round_number', number, 'round', round)
redis.call('HDEL', record, 'finished_at')
return 1
