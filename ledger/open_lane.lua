--[[
  Write a lane's limits as the settings have them, unless somebody pinned others while it ran.

  KEYS[1] config      hash {rate, burst, window, pinned, stopped, unlisted}
  ARGV[1] rate        submits per second
  ARGV[2] burst       submits that may leave at one moment
  ARGV[3] window      jobs at the provider at once
  ARGV[4] pin         1: these limits stay until others are pinned
  ARGV[5] unlisted    what is said of a model that no catalogue has; empty: nothing

  Returns 1 when written, 0 when others are pinned.
]]
local config = KEYS[1]
local rate, burst, window, pin, unlisted = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

if unlisted ~= '' then redis.call('HSET', config, 'unlisted', unlisted) end
if pin ~= '1' and redis.call('HEXISTS', config, 'pinned') == 1 then return 0 end
redis.call('HSET', config, 'rate', rate, 'burst', burst, 'window', window)
if pin == '1' then redis.call('HSET', config, 'pinned', 1) end
return 1
