--[[
  Make a chunk's jobs ready, once; out of the way where the batch is held.

  KEYS[1] ready       list of jobs that wait for a place
  KEYS[2] chunk       hash {size, ended, loaded}
  KEYS[3] chores      sorted set chore -> time (ms)
  KEYS[4] tally       hash, the lane's counts; loading: chunks being loaded
  KEYS[5] holds       hash reason:batch -> 1
  KEYS[6] parked      list: the batch's parked jobs
  ARGV[1] batch       the batch
  ARGV[2] prefix      of the job records' keys
  ARGV[3] chore       the chore that is done by this
  ARGV[4] number      the chunk's reference, kept in each record
  ARGV[5] claim       the number their claims begin after: no earlier round gave a higher one
  ARGV[6] jobs        ref, request, ref, request ...

  Returns 1, or 0 when the chunk was loaded before (or is sealed already).
]]
local ready, chunk, chores, tally, holds, parked = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local batch, prefix, chore, number, claim, jobs = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], 6

if redis.call('ZREM', chores, chore) == 1 then redis.call('HINCRBY', tally, 'loading', -1) end
local state = redis.call('HMGET', chunk, 'size', 'loaded')
if not state[1] or state[2] then return 0 end
redis.call('HSET', chunk, 'loaded', 1)
local held = redis.call('HMGET', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch)
local list = (held[1] or held[2] or held[3]) and parked or ready
for i = jobs, #ARGV - 1, 2 do
  redis.call('HSET', prefix .. ARGV[i], 'state', 'pending', 'claim', claim, 'attempts', 0,
    'chunk', number, 'request', ARGV[i + 1])
  redis.call('RPUSH', list, ARGV[i])
end
return 1
