--[[
  Mark a released job as submitting, right before its request leaves, if it may leave.

  KEYS[1] job         hash, the job's record
  KEYS[2] agenda      sorted set job -> time (ms)
  KEYS[3] tally       hash, the lane's counts by state
  KEYS[4] counts      hash, the batch's counts in this lane
  KEYS[5] config      hash {rate, burst, window, stopped}
  KEYS[6] holds       hash reason:batch -> 1
  ARGV[1] ref         the job
  ARGV[2] claim       the mover's claim number
  ARGV[3] nonce       one per call: the same call sent twice marks once
  ARGV[4] left        ms of the claim that must be left
  ARGV[5] lease       ms until it is due again
  ARGV[6] attempts    added to its attempts
  ARGV[7] batch       the job's batch

  Returns {1, time of the mark (ms)}; or {0} the claim is lost, {2} too little of the lease is left,
  {3} its lane or batch orders nothing now: nothing changed.
]]
local job, agenda, tally, counts, config, holds = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local ref, claim, nonce, left = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local lease, attempts, batch = ARGV[5], ARGV[6], ARGV[7]

local held = redis.call('HMGET', job, 'claim', 'state', 'nonce', 'submitting_ms')
if held[3] == nonce then return { 1, held[4] } end
if held[1] ~= claim or held[2] ~= 'released' then return { 0 } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(redis.call('ZSCORE', agenda, ref) or 0) - now < left then return { 2 } end
if redis.call('HEXISTS', config, 'stopped') == 1 then return { 3 } end
for _, reason in ipairs({ 'cancel:', 'pause:', 'budget:' }) do
  if redis.call('HEXISTS', holds, reason .. batch) == 1 then return { 3 } end
end

-- The handouts stay: it is still in the mover's hands, whose heartbeat renews the lease.
redis.call('HSET', job, 'state', 'submitting', 'nonce', nonce, 'moved_ms', now, 'submitting_ms', now)
redis.call('HINCRBY', job, 'attempts', attempts)
redis.call('ZADD', agenda, now + lease, ref)
for _, key in ipairs({ tally, counts }) do
  redis.call('HINCRBY', key, 'released', -1)
  redis.call('HINCRBY', key, 'submitting', 1)
end
return { 1, string.format('%.0f', now) }
