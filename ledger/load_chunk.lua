--[[
  Make a chunk's jobs ready, once.

  KEYS[1] ready       list of jobs that wait for a place
  KEYS[2] chunk       hash {size, ended, loaded}
  KEYS[3] chores      sorted set chore -> time (ms)
  KEYS[4] tally       hash, the lane's counts; loading: chunks being loaded
  ARGV[1] prefix      of the job records' keys
  ARGV[2] chore       the chore that is done by this
  ARGV[3] number      the chunk's reference, kept in each record
  ARGV[4] jobs        ref, request, ref, request ...

  Returns 1, or 0 when the chunk was loaded before (or is sealed already).
]]
local ready, chunk, chores, tally = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local prefix, chore, number, jobs = ARGV[1], ARGV[2], ARGV[3], 4

if redis.call('ZREM', chores, chore) == 1 then redis.call('HINCRBY', tally, 'loading', -1) end
local state = redis.call('HMGET', chunk, 'size', 'loaded')
if not state[1] or state[2] then return 0 end
redis.call('HSET', chunk, 'loaded', 1)
for i = jobs, #ARGV - 1, 2 do
  redis.call('HSET', prefix .. ARGV[i], 'state', 'pending', 'claim', 0, 'attempts', 0,
    'chunk', number, 'request', ARGV[i + 1])
  redis.call('RPUSH', ready, ARGV[i])
end
return 1
