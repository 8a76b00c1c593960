--[[
  Park jobs that came back to a lane although their batch is held, and hand out what is to be cancelled.

  KEYS[1] holds       hash reason:batch -> 1
  KEYS[2] ready       list of jobs that wait for a place
  KEYS[3] agenda      sorted set job -> time (ms)
  KEYS[4] chores      sorted set chore -> time (ms)
  ARGV[1] prefix      of the job records' keys
  ARGV[2] jobs        prefix of the batches' parked jobs
  ARGV[3] chunks      prefix of the batches' parked chunks
  ARGV[4] lease       ms until a job handed out is due again
  ARGV[5] limit       most jobs, and most chunks, handed out

  Returns how much is left to be cancelled, then ref, state, claim, handouts of each job to be cancelled.
]]
local holds, ready, agenda, chores = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local prefix, jobs, chunks, lease, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

local handed, held, cancelled, left = {}, {}, {}, 0
for _, field in ipairs(redis.call('HKEYS', holds)) do
  local reason, batch = string.match(field, '^(%l+):(.*)$')
  held[batch] = true
  if reason == 'cancel' then cancelled[#cancelled + 1] = batch end
end
if not next(held) then return { 0 } end

-- They came to its head, one by one: chunks handed in or loaded are parked by whoever brings them.
local first = redis.call('LRANGE', ready, 0, 999)
for i = #first, 1, -1 do
  local batch = string.match(first[i], '^[^/]*')
  if held[batch] then
    redis.call('LREM', ready, 1, first[i])
    redis.call('LPUSH', jobs .. batch, first[i])
  end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
table.sort(cancelled)
for _, batch in ipairs(cancelled) do
  while #handed < 4 * limit do
    local ref = redis.call('LPOP', jobs .. batch)
    if not ref then break end
    redis.call('ZADD', agenda, now + lease, ref)
    local claim = redis.call('HINCRBY', prefix .. ref, 'claim', 1)
    local handouts = redis.call('HINCRBY', prefix .. ref, 'handouts', 1)
    for _, value in ipairs({ ref, 'pending', claim, handouts }) do handed[#handed + 1] = value end
  end
  while redis.call('ZCARD', chores) < limit do
    local chunk = redis.call('LPOP', chunks .. batch)
    if not chunk then break end
    redis.call('ZADD', chores, now, 'withdraw:' .. chunk)
  end
  left = left + redis.call('LLEN', jobs .. batch) + redis.call('LLEN', chunks .. batch)
end
table.insert(handed, 1, left)
return handed
