--[[
  Hand out what is to be cancelled: jobs that were loaded, and as chores the chunks that were not.

  KEYS[1] holds       hash reason:batch -> 1
  KEYS[2] agenda      sorted set job -> time (ms)
  KEYS[3] chores      sorted set chore -> time (ms)
  ARGV[1] prefix      of the job records' keys
  ARGV[2] ready       prefix of the batches' ready jobs
  ARGV[3] waiting     prefix of the batches' chunks not loaded yet
  ARGV[4] lease       ms until a job handed out is due again
  ARGV[5] limit       most jobs, and most chunks, handed out

  Returns how much is left to be cancelled, then ref, state, claim, handouts of each job to be cancelled.
]]
local holds, agenda, chores = KEYS[1], KEYS[2], KEYS[3]
local prefix, ready, waiting, lease, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

local cancelled, handed, left = {}, {}, 0
for _, field in ipairs(redis.call('HKEYS', holds)) do
  cancelled[#cancelled + 1] = string.match(field, '^cancel:(.*)$')
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
table.sort(cancelled)
for _, batch in ipairs(cancelled) do
  while #handed < 4 * limit do
    local ref = redis.call('LPOP', ready .. batch)
    if not ref then break end
    redis.call('ZADD', agenda, now + lease, ref)
    local claim = redis.call('HINCRBY', prefix .. ref, 'claim', 1)
    local handouts = redis.call('HINCRBY', prefix .. ref, 'handouts', 1)
    for _, value in ipairs({ ref, 'pending', claim, handouts }) do handed[#handed + 1] = value end
  end
  while redis.call('ZCARD', chores) < limit do
    local chunk = redis.call('LPOP', waiting .. batch)
    if not chunk then break end
    redis.call('ZADD', chores, now, 'withdraw:' .. chunk)
  end
  left = left + redis.call('LLEN', ready .. batch) + redis.call('LLEN', waiting .. batch)
end
table.insert(handed, 1, left)
return handed
