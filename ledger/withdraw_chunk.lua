--[[
  Count a chunk's jobs as ended although none was ever loaded, once.

  KEYS[1] chores      sorted set chore -> time (ms)
  KEYS[2] tally       hash, the lane's counts by state
  KEYS[3] counts      hash, the batch's counts in this lane
  ARGV[1] chore       the chore that is done by this
  ARGV[2] images      pictures the jobs have from earlier rounds
  ARGV[3] cost        millionths of a currency unit that earlier rounds cost
  ARGV[4] states      state, jobs, state, jobs ...

  Returns 1, or 0 when it was done before.
]]
local chores, tally, counts = KEYS[1], KEYS[2], KEYS[3]
local chore, images, cost, states = ARGV[1], ARGV[2], ARGV[3], 4

if redis.call('ZREM', chores, chore) == 0 then return 0 end
for i = states, #ARGV - 1, 2 do
  for _, key in ipairs({ tally, counts }) do
    redis.call('HINCRBY', key, 'pending', 0 - ARGV[i + 1])
    redis.call('HINCRBY', key, ARGV[i], ARGV[i + 1])
  end
end
redis.call('HINCRBY', counts, 'images', images)
redis.call('HINCRBY', counts, 'cost_micro', cost)
redis.call('HINCRBY', counts, 'sealed', 1)
return 1
