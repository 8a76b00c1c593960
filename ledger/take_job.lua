--[[
  Read a job for whoever holds it, with what its lane knows, and count that it was taken up.

  KEYS[1] job         hash, the job's record
  KEYS[2] config      hash {rate, burst, window, stopped}
  KEYS[3] learned     list of the last generation times, in seconds
  KEYS[4] holds       hash reason:batch -> 1
  KEYS[5] counts      hash, the batch's counts in this lane
  KEYS[6] tally       hash, the lane's counts by state
  KEYS[7] looks       hash {trusted_until_ms, not_before_ms, looked_ms, skew_ms, false_alarms, missed}
  ARGV[1] claim       the reader's claim number; empty: whoever holds it, and nothing is counted
  ARGV[2] batch       the job's batch
  ARGV[3] states      those in which it can be taken up, all further arguments

  Returns {record, limits, learned, cancelled, budgeted, now (ms), running, looks},
  or {} when the claim is lost.
]]
local job, config, learned, holds, counts = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local tally, looks = KEYS[6], KEYS[7]
local claim, batch, states = ARGV[1], ARGV[2], 3

local held = redis.call('HMGET', job, 'claim', 'state')
if not held[1] or (claim ~= '' and held[1] ~= claim) then return {} end
for i = states, #ARGV do
  if held[2] == ARGV[i] then redis.call('HINCRBY', job, 'takes', 1) end
end
local time = redis.call('TIME')
return {
  redis.call('HGETALL', job),
  redis.call('HMGET', config, 'rate', 'burst', 'window'),
  redis.call('LRANGE', learned, 0, -1),
  redis.call('HEXISTS', holds, 'cancel:' .. batch),
  redis.call('HEXISTS', counts, 'budgeted'),
  time[1] * 1000 + math.floor(time[2] / 1000),
  redis.call('HGET', tally, 'running'),
  redis.call('HMGET', looks, 'trusted_until_ms', 'not_before_ms', 'looked_ms', 'false_alarms', 'missed'),
}
