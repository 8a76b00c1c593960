--[[
  Order nothing more of a batch in one lane, from this moment on, and take what waits out of the way.

  KEYS[1] holds       hash reason:batch -> 1
  KEYS[2] ready       list of jobs that wait for a place
  KEYS[3] waiting     list of chunks not loaded yet
  KEYS[4] agenda      sorted set job -> time (ms)
  KEYS[5] jobs        list: the batch's parked jobs
  KEYS[6] chunks      list: the batch's parked chunks
  ARGV[1] reason      cancel, pause or budget
  ARGV[2] batch       the batch
  ARGV[3] prefix      of the job records' keys

  Returns 1, or 0 when it was held for that reason before.
]]
local holds, ready, waiting, agenda, jobs, chunks = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local reason, batch, prefix = ARGV[1], ARGV[2], ARGV[3]

local function each(command, key, names)
  for i = 1, #names, 1000 do redis.call(command, key, unpack(names, i, math.min(i + 999, #names))) end
end

local added = redis.call('HSET', holds, reason .. ':' .. batch, 1)
for from, to in pairs({ [ready] = jobs, [waiting] = chunks }) do
  local its, others = {}, {}
  for _, name in ipairs(redis.call('LRANGE', from, 0, -1)) do
    local list = string.match(name, '^[^/]*') == batch and its or others
    list[#list + 1] = name
  end
  redis.call('DEL', from)
  each('RPUSH', to, its)
  each('RPUSH', from, others)
end
if reason ~= 'cancel' then return added end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local withdrawn = {}
for _, ref in ipairs(redis.call('ZRANGE', agenda, 0, -1)) do
  if string.match(ref, '^[^/]*') == batch then
    local job = redis.call('HMGET', prefix .. ref, 'state', 'handouts')
    if job[1] == 'pending' and (job[2] or '0') == '0' then
      withdrawn[#withdrawn + 1] = ref
    elseif job[1] == 'running' and (job[2] or '0') == '0' then
      redis.call('ZADD', agenda, 'LT', now, ref) -- asked about now: what waits at the provider can be cancelled
    end
  end
end
each('ZREM', agenda, withdrawn)
each('RPUSH', jobs, withdrawn)
return added
