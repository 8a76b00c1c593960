--[[
  Remember how long a picture took, for the lane's next looks. Sent twice it counts twice, which harms nobody.

  KEYS[1] learned     list of the last generation times, in seconds
  ARGV[1] took        s
  ARGV[2] kept        how many are remembered

  Returns 1.
]]
local learned = KEYS[1]
local took, kept = ARGV[1], tonumber(ARGV[2])

redis.call('LPUSH', learned, took)
redis.call('LTRIM', learned, 0, kept - 1)
return 1
