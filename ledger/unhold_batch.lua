--[[
  Take one reason back for which nothing of a batch is ordered; without any, it gets its turns again.

  KEYS[1] holds       hash reason:batch -> 1
  KEYS[2] ready       list: the batch's jobs that wait for a place
  KEYS[3] waiting     list: the batch's chunks not loaded yet
  KEYS[4] turns       sorted set batch -> virtual time of its next job
  KEYS[5] tally       hash, the lane's counts; turn: its present virtual time
  KEYS[6] counts      hash, the batch's counts in this lane; stride, turn: its own
  ARGV[1] reason      cancel, pause, budget or window
  ARGV[2] batch       the batch
  ARGV[3] backlog     prefix of the backlogs of each stride
  ARGV[4] first       jobs that go first, all further arguments

  Returns 1, or 0 when it was not held for that reason.
]]
local holds, ready, waiting = KEYS[1], KEYS[2], KEYS[3]
local turns, tally, counts = KEYS[4], KEYS[5], KEYS[6]
local reason, batch, backlog, first = ARGV[1], ARGV[2], ARGV[3], 4

local removed = redis.call('HDEL', holds, reason .. ':' .. batch)
for _, other in ipairs({ 'cancel:', 'pause:', 'budget:', 'hours:' }) do
  if redis.call('HEXISTS', holds, other .. batch) == 1 then return removed end
end
for i = first, #ARGV do
  if redis.call('LREM', ready, 1, ARGV[i]) == 1 then redis.call('LPUSH', ready, ARGV[i]) end
end
local own = redis.call('HMGET', counts, 'stride', 'turn')
local turn = math.max(own[2] or 0, redis.call('HGET', tally, 'turn') or 0)
if redis.call('EXISTS', ready) == 1 then redis.call('ZADD', turns, 'NX', turn, batch) end
if redis.call('EXISTS', waiting) == 1 then redis.call('ZADD', backlog .. own[1], 'NX', turn, batch) end
return removed
