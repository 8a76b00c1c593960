--[[
  Order nothing more of a batch in one lane, from this moment on.

  KEYS[1] holds       hash reason:batch -> 1
  KEYS[2] turns       sorted set batch -> virtual time of its next job
  KEYS[3] counts      hash, the batch's counts in this lane; stride: names its backlog
  KEYS[4] agenda      sorted set job -> time (ms)
  ARGV[1] reason      cancel, pause, budget or window
  ARGV[2] batch       the batch
  ARGV[3] backlog     prefix of the backlogs of each stride
  ARGV[4] prefix      of the job records' keys

  Returns 1, or 0 when it was held for that reason before.
]]
local holds, turns, counts, agenda = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local reason, batch, backlog, prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local added = redis.call('HSET', holds, reason .. ':' .. batch, 1)
redis.call('ZREM', turns, batch)
redis.call('ZREM', backlog .. (redis.call('HGET', counts, 'stride') or ''), batch)
if reason ~= 'cancel' then return added end

-- What waits for its next try is withdrawn now; what is running is asked about now, since what waits
-- at the provider can be cancelled. The agenda has loaded jobs only, however long the backlog is.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, ref in ipairs(redis.call('ZRANGE', agenda, 0, -1)) do
  if string.match(ref, '^[^/]*') == batch then
    local job = redis.call('HMGET', prefix .. ref, 'state', 'handouts')
    if (job[1] == 'pending' or job[1] == 'running') and (job[2] or '0') == '0' then
      redis.call('ZADD', agenda, 'LT', now, ref)
    end
  end
end
return added
