--[[
  Put a further round's chunks where they wait, and take back what its jobs counted for, once.

  KEYS[1] waiting     list of chunks not loaded yet
  KEYS[2] tally       hash, the lane's counts by state
  KEYS[3] counts      hash, the batch's counts in this lane
  KEYS[4] holds       hash reason:batch -> 1
  KEYS[5] parked      list: the batch's parked chunks
  ARGV[1] batch       the batch
  ARGV[2] round       its number
  ARGV[3] chunks      how many of the further arguments are chunks' references
  ARGV[4] images      pictures its jobs counted for
  ARGV[5] cost        millionths of a currency unit its jobs counted for
  ARGV[6] doubles     of its jobs, those that may have been paid for already
  ARGV[7] rest        the chunks' references, then state, jobs ...

  Returns 1, or 0 when the round is there already.
]]
local waiting, tally, counts, holds, parked = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local batch, round, chunks, images = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local cost, doubles, rest = ARGV[5], ARGV[6], 7

if tonumber(redis.call('HGET', counts, 'round') or '1') >= round then return 0 end
redis.call('HSET', counts, 'round', round)
local held = redis.call('HMGET', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch)
local list = (held[1] or held[2] or held[3]) and parked or waiting
for i = rest, rest + chunks - 1 do redis.call('RPUSH', list, ARGV[i]) end
-- 0 - x: Redis 6 writes the number -x of x = 0 as -0, and takes that for no integer.
for i = rest + chunks, #ARGV - 1, 2 do
  for _, key in ipairs({ tally, counts }) do
    redis.call('HINCRBY', key, ARGV[i], 0 - ARGV[i + 1])
    redis.call('HINCRBY', key, 'pending', ARGV[i + 1])
  end
end
redis.call('HINCRBY', counts, 'chunks', chunks)
redis.call('HINCRBY', counts, 'images', 0 - images)
redis.call('HINCRBY', counts, 'cost_micro', 0 - cost)
redis.call('HINCRBY', counts, 'doubles', doubles)
return 1
