--[[
  Give a batch another share of a lane, from its next job on.

  KEYS[1] counts      hash, the batch's counts in this lane; stride, turn: its own
  KEYS[2] tally       hash, the lane's counts; turn: its present virtual time
  KEYS[3] turns       sorted set batch -> virtual time of its next job
  ARGV[1] batch       the batch
  ARGV[2] backlog     prefix of the backlogs of each stride
  ARGV[3] stride      virtual time that a job of the batch takes from now on

  Returns 1, or 0 when it has that stride.
]]
local counts, tally, turns = KEYS[1], KEYS[2], KEYS[3]
local batch, backlog, stride = ARGV[1], ARGV[2], ARGV[3]

local before = redis.call('HGET', counts, 'stride')
if before == stride then return 0 end
-- What its last job took by the old stride is forgotten: else it would have to wait for that.
local present = redis.call('HGET', tally, 'turn') or 0
redis.call('HSET', counts, 'stride', stride, 'turn', present)
redis.call('ZADD', turns, 'XX', present, batch)
if before and redis.call('ZREM', backlog .. before, batch) == 1 then
  redis.call('ZADD', backlog .. stride, present, batch)
end
return 1
