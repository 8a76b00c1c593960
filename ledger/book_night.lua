--[[
  Note a schedule's nights and book its next one, if nobody changed it in the meantime.

  KEYS[1] record      hash {document, next_ms}
  KEYS[2] runs        sorted set intake -> time (ms) it was planned for
  ARGV[1] expected    next_ms as the caller found it
  ARGV[2] moment      next_ms from now on
  ARGV[3] most        nights that are kept
  ARGV[4] nights      intake, time ...

  Returns 1, or 0 when it was changed or removed.
]]
local record, runs = KEYS[1], KEYS[2]
local expected, moment, most, nights = ARGV[1], ARGV[2], tonumber(ARGV[3]), 4

if redis.call('HGET', record, 'next_ms') ~= expected then return 0 end
redis.call('HSET', record, 'next_ms', moment)
for i = nights, #ARGV, 2 do redis.call('ZADD', runs, ARGV[i + 1], ARGV[i]) end
redis.call('ZREMRANGEBYRANK', runs, 0, -most - 1)
return 1
