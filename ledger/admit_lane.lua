--[[
  Change a batch's document, unless somebody else changed it.

  KEYS[1] record      hash, the batch's record
  ARGV[1] before      the document as the caller saw it
  ARGV[2] after       as it is from now on

  Returns 1, or 0 when it is another by now.
]]
local record = KEYS[1]
local before, after = ARGV[1], ARGV[2]

if redis.call('HGET', record, 'document') ~= before then return 0 end
redis.call('HSET', record, 'document', after)
return 1
