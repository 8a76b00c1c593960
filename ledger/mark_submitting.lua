--[[
  Mark a released job as submitting, right before its request leaves, if it may leave.

  KEYS[1] job         hash, the job's record
  KEYS[2] agenda      sorted set job -> time (ms)
  KEYS[3] tally       hash, the lane's counts by state
  KEYS[4] counts      hash, the batch's counts in this lane
  KEYS[5] config      hash {rate, burst, window, stopped}
  KEYS[6] holds       hash reason:batch -> 1
  KEYS[7] bucket      hash, see ledger/bucket.py
  KEYS[8] departures  sorted set order -> us at which it leaves, or left
  ARGV[1] ref         the job
  ARGV[2] claim       the mover's claim number
  ARGV[3] nonce       one per call: the same call sent twice marks once
  ARGV[4] left        ms of the claim that must be left
  ARGV[5] lease       ms until it is due again
  ARGV[6] attempts    added to its attempts
  ARGV[7] batch       the job's batch
  ARGV[8] order       its name among the departures
  ARGV[9] shift       us: where its slot has moved by more, it is not marked

  Returns {1, time of the mark (ms), us at which it leaves}; or {0} the claim is lost, {2} too little of the lease
  is left, {3} its lane or batch orders nothing now: nothing changed; or {4, 0, us at which it leaves} its slot has
  moved, and that is all that changed.
]]
local job, agenda, tally, counts, config, holds = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local bucket, departures = KEYS[7], KEYS[8]
local ref, claim, nonce, left = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local lease, attempts, batch = ARGV[5], ARGV[6], ARGV[7]
local order, shift = ARGV[8], tonumber(ARGV[9])

local held = redis.call('HMGET', job, 'claim', 'state', 'nonce', 'submitting_ms')
local slot = redis.call('ZSCORE', departures, order)
if held[3] == nonce then return { 1, held[4], slot or '0' } end
if held[1] ~= claim or held[2] ~= 'released' then return { 0 } end
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)
if tonumber(redis.call('ZSCORE', agenda, ref) or 0) - now < left then return { 2 } end
if redis.call('HEXISTS', config, 'stopped') == 1 then return { 3 } end
for _, reason in ipairs({ 'cancel:', 'pause:', 'budget:', 'hours:' }) do
  if redis.call('HEXISTS', holds, reason .. batch) == 1 then return { 3 } end
end

-- Whoever left late, or was refused, since this slot was booked moves it.
local limits = redis.call('HMGET', bucket, 'period_us', 'admitted', 'closed_until_us')
local period, booked = tonumber(limits[1] or '0'), tonumber(slot or '0')
slot = math.max(booked, now_us)
local leaves = math.max(slot, tonumber(limits[3] or '0'))
redis.call('ZREM', departures, order)
-- So late that orders marked meanwhile may have relied on its being long gone: behind all others.
local latest = now_us - booked > period / 2 and '+inf' or string.format('%.0f', leaves)
local oldest = redis.call('ZREVRANGEBYSCORE', departures, latest, '-inf', 'WITHSCORES',
  'LIMIT', tonumber(limits[2] or '1') - 1, 1)
if oldest[2] then leaves = math.max(leaves, oldest[2] + period) end
local leaves_us = string.format('%.0f', leaves)
redis.call('ZADD', departures, leaves_us, order)
redis.call('PEXPIRE', departures, math.max(60000, redis.call('PTTL', bucket)))
if leaves - slot > shift then return { 4, '0', leaves_us } end

-- The handouts stay: it is still in the mover's hands, whose heartbeat renews the lease.
redis.call('HSET', job, 'state', 'submitting', 'nonce', nonce, 'moved_ms', now, 'submitting_ms', now)
redis.call('HINCRBY', job, 'attempts', attempts)
redis.call('ZADD', agenda, now + lease, ref)
for _, key in ipairs({ tally, counts }) do
  redis.call('HINCRBY', key, 'released', -1)
  redis.call('HINCRBY', key, 'submitting', 1)
end
return { 1, string.format('%.0f', now), leaves_us }
