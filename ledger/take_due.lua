--[[
  Hand out the jobs whose next moment has come, each under a new claim.

  KEYS[1] agenda      sorted set job -> time (ms)
  KEYS[2] turns       sorted set batch -> virtual time of its next job
  KEYS[3] tally       hash, the lane's counts; turn: its present virtual time
  KEYS[4] holds       hash reason:batch -> 1
  ARGV[1] prefix      of the job records' keys
  ARGV[2] counts      prefix of the batches' counts in this lane
  ARGV[3] ready       prefix of the batches' ready jobs
  ARGV[4] lease       ms until a job handed out is due again
  ARGV[5] limit       most jobs handed out

  Returns ref, state, claim, handouts of each job handed out. Pending jobs go to the head of ready instead.
]]
local agenda, turns, tally, holds = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local prefix, counts, ready, lease, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local handed = {}
if limit < 1 then return handed end

local function wait_for_a_place(ref)
  local batch = string.match(ref, '^[^/]*')
  redis.call('ZREM', agenda, ref)
  redis.call('LPUSH', ready .. batch, ref)
  local held = redis.call(
    'HMGET', holds, 'cancel:' .. batch, 'pause:' .. batch, 'budget:' .. batch, 'hours:' .. batch
  )
  if held[1] or held[2] or held[3] or held[4] then return end
  local own, present = redis.call('HGET', counts .. batch, 'turn'), redis.call('HGET', tally, 'turn')
  redis.call('ZADD', turns, 'NX', math.max(own or 0, present or 0), batch)
end

-- Those that wait for a place are handed to nobody: they do not stand in the way of the others.
local most = limit + 1000
for _, ref in ipairs(redis.call('ZRANGE', agenda, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)) do
  local job = prefix .. ref
  local state = redis.call('HGET', job, 'state')
  if not state then
    redis.call('ZREM', agenda, ref)
  elseif state == 'pending' then
    wait_for_a_place(ref)
  elseif #handed < 4 * limit then
    redis.call('ZADD', agenda, now + lease, ref)
    local claim = redis.call('HINCRBY', job, 'claim', 1)
    local handouts = redis.call('HINCRBY', job, 'handouts', 1)
    for _, value in ipairs({ ref, state, claim, handouts }) do handed[#handed + 1] = value end
  end
end
return handed
