--[[
  Take the right to fetch an access token in place of one that does not work.

  KEYS[1] token      string: the token in use
  KEYS[2] fetching   string: somebody fetches one
  ARGV[1] stale      the token that does not work; empty: there was none
  ARGV[2] ttl        ms: whoever takes the right has it for so long

  Returns 1 if the caller is to fetch; 0 where another token is in use already, or somebody fetches.
]]
local token, fetching = KEYS[1], KEYS[2]
local stale, ttl = ARGV[1], ARGV[2]

-- In one step: between a look and the taking, whoever fetches may have finished.
local used = redis.call('GET', token)
if used and used ~= stale then return 0 end
if redis.call('SET', fetching, 1, 'NX', 'PX', ttl) then return 1 end
return 0
