--[[
  Announce a further round of a batch whose present one has come to its end, before it is finished.

  KEYS[1] record      hash, the batch's record
  ARGV[1] ended       the round that has come to its end; 1 is the manifest
  ARGV[2] number      the further round's
  ARGV[3] round       its document

  Returns 1, or 0 when the batch is finished, or in another round by now.
]]
local record = KEYS[1]
local ended, number, round = ARGV[1], ARGV[2], ARGV[3]

local held = redis.call('HMGET', record, 'state', 'round_number')
-- Whoever handed the manifest in may have died before saying so: it has ended all the same.
local open = held[1] == 'running' or (held[1] == 'opening' and not held[2])
if not open or (held[2] or '1') ~= ended then return 0 end
redis.call('HSET', record, 'state', 'opening', 'round_number', number, 'round', round)
return 1
