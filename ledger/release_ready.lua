--[[
  Give ready jobs a place in the window, batch by batch as their turns come, as many as there is room for soon.

  KEYS[1] turns       sorted set batch -> virtual time of its next job
  KEYS[2] agenda      sorted set job -> time (ms)
  KEYS[3] window      set of jobs in play
  KEYS[4] tally       hash, the lane's counts by state
  KEYS[5] config      hash {rate, burst, window, stopped}
  KEYS[6] bucket      hash {tat_us, cut, cut_until_us, closed_until_us}
  ARGV[1] prefix      of the job records' keys
  ARGV[2] counts      prefix of the batches' counts in this lane
  ARGV[3] lease       ms until a released job is due again
  ARGV[4] limit       most jobs released
  ARGV[5] horizon     us ahead for which the bucket's slots are handed out
  ARGV[6] backlog     nothing is released while more jobs than this wait to be stored
  ARGV[7] threshold   orders in a row that went wrong, from which on one at a time is tried
  ARGV[8] ready       prefix of the batches' ready jobs

  Returns ref, claim of each job released.
]]
local turns, agenda, window, tally, config, bucket = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local prefix, counts, lease, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local horizon, backlog, threshold, ready = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]

local released = {}
local limits = redis.call('HMGET', config, 'rate', 'burst', 'window', 'stopped')
if limits[4] or not limits[1] then return released end
if tonumber(redis.call('HGET', tally, 'storing') or '0') > backlog then return released end
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)

local taken = redis.call('HMGET', bucket, 'tat_us', 'cut', 'closed_until_us')
if tonumber(taken[3] or '0') > now_us + horizon then return released end
local full_us = 1000000 / tonumber(limits[1])
local emission_us = full_us * 1000 / tonumber(taken[2] or '1000')
local tat_us = math.max(tonumber(taken[1] or '0'), now_us)
local tolerance_us = full_us * (tonumber(limits[2]) - 1)
local slots = math.floor((now_us + horizon + tolerance_us - tat_us) / emission_us) + 1
-- Released jobs that have booked their slot are in the bucket already; the others still want one.
local booked = math.ceil((tat_us - now_us) / emission_us)
local unbooked = math.max(tonumber(redis.call('HGET', tally, 'released') or '0') - booked, 0)
local room = math.min(tonumber(limits[3]) - redis.call('SCARD', window), slots - unbooked, limit)
local leaving = redis.call('HMGET', tally, 'faults', 'released')
if tonumber(leaving[1] or '0') >= threshold then
  room = math.min(room, 1 - tonumber(leaving[2] or '0'))
end

for _ = 1, room do
  local batch, turn = unpack(redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES'))
  if not batch then break end
  local ref, figures = redis.call('LPOP', ready .. batch), counts .. batch
  local after = turn + (redis.call('HGET', figures, 'stride') or 1)
  redis.call('ZADD', turns, after, batch)
  redis.call('HSET', figures, 'turn', after)
  redis.call('HSET', tally, 'turn', turn)
  if redis.call('EXISTS', ready .. batch) == 0 then redis.call('ZREM', turns, batch) end
  if ref and redis.call('HGET', prefix .. ref, 'state') == 'pending' then
    local claim = redis.call('HINCRBY', prefix .. ref, 'claim', 1)
    redis.call('HSET', prefix .. ref, 'state', 'released', 'handouts', 1, 'moved_ms', now)
    redis.call('SADD', window, ref)
    redis.call('ZADD', agenda, now + lease, ref)
    for _, key in ipairs({ tally, figures }) do
      redis.call('HINCRBY', key, 'pending', -1)
      redis.call('HINCRBY', key, 'released', 1)
    end
    for _, value in ipairs({ ref, claim }) do released[#released + 1] = value end
  end
end
return released
