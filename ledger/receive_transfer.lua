--[[
  Put a chunk that comes from another lane into this one, once, and into the backlog unless its batch is held.

  KEYS[1] waiting     list: the batch's chunks not loaded yet
  KEYS[2] tally       hash, the lane's counts by state; turn: its present virtual time
  KEYS[3] counts      hash, the batch's counts in this lane; from:LANE: the last transfer from there
  KEYS[4] holds       hash reason:batch -> 1
  ARGV[1] batch       the batch
  ARGV[2] backlog     prefix of the backlogs of each stride
  ARGV[3] stride      virtual time that a job of the batch takes, unless another was set before
  ARGV[4] jobs        in the chunk
  ARGV[5] chunk       its reference
  ARGV[6] source      the lane it comes from
  ARGV[7] number      the transfer's, higher than those before from there
  ARGV[8] budgeted    1: the batch has a budget

  Returns 1, or 0 when it was received before.
]]
local waiting, tally, counts, holds = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local batch, backlog, stride, jobs = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local chunk, source, number, budgeted = ARGV[5], ARGV[6], ARGV[7], ARGV[8]

if tonumber(redis.call('HGET', counts, 'from:' .. source) or '0') >= tonumber(number) then return 0 end
redis.call('HSET', counts, 'from:' .. source, number)
redis.call('RPUSH', waiting, chunk)
redis.call('HSETNX', counts, 'stride', stride)
if budgeted == '1' then redis.call('HSET', counts, 'budgeted', 1) end
local held = redis.call(
  'HMGET', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch, 'hours:' .. batch
)
if not (held[1] or held[2] or held[3] or held[4]) then
  local own = redis.call('HMGET', counts, 'stride', 'turn')
  local turn = math.max(own[2] or 0, redis.call('HGET', tally, 'turn') or 0)
  redis.call('ZADD', backlog .. own[1], 'NX', turn, batch)
end
redis.call('HINCRBY', counts, 'chunks', 1)
redis.call('HINCRBY', counts, 'sealed', 0)
redis.call('HINCRBY', counts, 'pending', jobs)
redis.call('HINCRBY', tally, 'pending', jobs)
return 1
