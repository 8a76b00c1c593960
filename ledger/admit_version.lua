--[[
  Raise the version of the ledger's records to that of a worker that is about to write here.

  KEYS[1] version     string, the version of the records
  ARGV[1] ours        the worker's

  Returns the version there was, 0 where none was written down; it stays if it is higher.
]]
local version = KEYS[1]
local ours = tonumber(ARGV[1])

local found = tonumber(redis.call('GET', version) or '0')
if found < ours then redis.call('SET', version, ours) end
return found
