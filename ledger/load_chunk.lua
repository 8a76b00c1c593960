--[[
  Make a chunk's jobs ready, once; their batch gets its turns unless it is held. What was drawn before has ended.

  KEYS[1] ready       list: the batch's jobs that wait for a place
  KEYS[2] chunk       hash {size, ended, loaded}
  KEYS[3] chores      sorted set chore -> time (ms)
  KEYS[4] loading     hash chunk -> its batch's stride, of chunks being loaded
  KEYS[5] holds       hash reason:batch -> 1
  KEYS[6] turns       sorted set batch -> virtual time of its next job
  KEYS[7] tally       hash, the lane's counts; turn: its present virtual time
  KEYS[8] counts      hash, the batch's counts in this lane; turn: its own virtual time
  ARGV[1] batch       the batch
  ARGV[2] prefix      of the job records' keys
  ARGV[3] chore       the chore that is done by this
  ARGV[4] seal        the chore that is due when all of them have ended
  ARGV[5] number      the chunk's reference, kept in each record
  ARGV[6] claim       the number their claims begin after: no earlier round gave a higher one
  ARGV[7] reused      how many of them were drawn before
  ARGV[8] jobs        ref, images, result ... of these, then ref, request ... of the others

  Returns 1, or 0 when the chunk was loaded before (or is sealed already).
]]
local ready, chunk, chores, loading = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local holds, turns, tally, counts = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local batch, prefix, chore, seal, number, claim = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local reused, jobs = tonumber(ARGV[7]), 8

redis.call('ZREM', chores, chore)
redis.call('HDEL', loading, number)
local state = redis.call('HMGET', chunk, 'size', 'loaded')
if not state[1] or state[2] then return 0 end
redis.call('HSET', chunk, 'loaded', 1)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for i = jobs, jobs + 3 * reused - 1, 3 do
  redis.call('HSET', prefix .. ARGV[i], 'state', 'succeeded', 'claim', claim, 'attempts', 0,
    'chunk', number, 'result', ARGV[i + 2])
  redis.call('HINCRBY', counts, 'images', ARGV[i + 1])
end
if reused > 0 then
  for _, key in ipairs({ tally, counts }) do
    redis.call('HINCRBY', key, 'pending', -reused)
    redis.call('HINCRBY', key, 'succeeded', reused)
  end
  redis.call('HINCRBY', counts, 'reused', reused)
  redis.call('HSET', chunk, 'ended', reused)
end
if reused >= tonumber(state[1]) then
  redis.call('ZADD', chores, now, seal)
  return 1
end

for i = jobs + 3 * reused, #ARGV - 1, 2 do
  redis.call('HSET', prefix .. ARGV[i], 'state', 'pending', 'claim', claim, 'attempts', 0,
    'chunk', number, 'request', ARGV[i + 1])
  redis.call('RPUSH', ready, ARGV[i])
end
local held = redis.call(
  'HMGET', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch, 'hours:' .. batch
)
if not (held[1] or held[2] or held[3] or held[4]) then
  local own, present = redis.call('HGET', counts, 'turn'), redis.call('HGET', tally, 'turn')
  redis.call('ZADD', turns, 'NX', math.max(own or 0, present or 0), batch)
end
return 1
