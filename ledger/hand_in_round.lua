--[[
  Put a further round's chunks into a lane, and take back what its jobs counted for, once.

  KEYS[1] waiting     list: the batch's chunks not loaded yet
  KEYS[2] tally       hash, the lane's counts by state; turn: its present virtual time
  KEYS[3] counts      hash, the batch's counts in this lane; stride, turn: see release_ready.lua
  KEYS[4] holds       hash reason:batch -> 1
  ARGV[1] batch       the batch
  ARGV[2] backlog     prefix of the backlogs of each stride
  ARGV[3] round       its number
  ARGV[4] chunks      how many of the further arguments are chunks' references
  ARGV[5] images      pictures its jobs counted for
  ARGV[6] cost        millionths of a currency unit its jobs counted for
  ARGV[7] doubles     of its jobs, those that may have been paid for already
  ARGV[8] reused      of its jobs, those that were drawn before
  ARGV[9] rest        the chunks' references, then state, jobs ...

  Returns 1, or 0 when the round is there already.
]]
local waiting, tally, counts, holds = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local batch, backlog, round, chunks = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local images, cost, doubles, reused, rest = ARGV[5], ARGV[6], ARGV[7], ARGV[8], 9

if tonumber(redis.call('HGET', counts, 'round') or '1') >= round then return 0 end
redis.call('HSET', counts, 'round', round)
for i = rest, rest + chunks - 1 do redis.call('RPUSH', waiting, ARGV[i]) end
local held = redis.call(
  'HMGET', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch, 'hours:' .. batch
)
if not (held[1] or held[2] or held[3] or held[4]) then
  local own = redis.call('HMGET', counts, 'stride', 'turn')
  local turn = math.max(own[2] or 0, redis.call('HGET', tally, 'turn') or 0)
  redis.call('ZADD', backlog .. own[1], 'NX', turn, batch)
end
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
redis.call('HINCRBY', counts, 'reused', 0 - reused)
return 1
