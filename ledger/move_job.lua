--[[
  Move one job from one state to another, if the mover still holds its claim.

  KEYS[1] job         hash, the job's record
  KEYS[2] agenda      sorted set job -> time (ms)
  KEYS[3] window      set of jobs in play
  KEYS[4] ready       list of jobs that wait for a place
  KEYS[5] tally       hash, the lane's counts by state
  KEYS[6] counts      hash, the batch's counts in this lane
  KEYS[7] chunk       hash {size, ended}
  KEYS[8] chores      sorted set chore -> time (ms)
  ARGV[1] ref         the job
  ARGV[2] claim       the mover's claim number
  ARGV[3] nonce       one per call: the same call sent twice moves once
  ARGV[4] from        the state it must be in
  ARGV[5] to          the state it gets
  ARGV[6] delay       ms until its next moment; -1: to the head of ready; -2: it has ended
  ARGV[7] keeps       1: it has a place in the window
  ARGV[8] lease       ms of the claim that must be left to begin something; 0: the move is an outcome
  ARGV[9] attempts    added to its attempts: 1, 0 or -1
  ARGV[10] images     images stored, when it has ended
  ARGV[11] cost       millionths of a currency unit, when it has ended
  ARGV[12] seal       the chore that is due when this was the chunk's last job
  ARGV[13] fields     field, value, field, value ... written into the record

  Returns 1 moved, 0 the claim is lost (nothing changed), 2 too little of the lease is left (nothing changed).
]]
local job, agenda, window, ready = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local tally, counts, chunk, chores = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local ref, claim, nonce, from, to = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local delay, keeps, lease, attempts = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8]), ARGV[9]
local images, cost, seal, fields = ARGV[10], ARGV[11], ARGV[12], 13

local held = redis.call('HMGET', job, 'claim', 'state', 'nonce')
if held[3] == nonce then return 1 end
if held[1] ~= claim or held[2] ~= from then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if lease > 0 and tonumber(redis.call('ZSCORE', agenda, ref) or 0) - now < lease then return 2 end

redis.call('HSET', job, 'state', to, 'nonce', nonce, 'moved_ms', now)
-- An outcome takes the job out of the mover's hands; a move that begins something leaves it there.
if lease == 0 then redis.call('HSET', job, 'handouts', 0) end
for i = fields, #ARGV - 1, 2 do redis.call('HSET', job, ARGV[i], ARGV[i + 1]) end
if attempts ~= '0' then redis.call('HINCRBY', job, 'attempts', attempts) end
if from ~= to then
  redis.call('HSET', job, to .. '_ms', now)
  for _, key in ipairs({ tally, counts }) do
    redis.call('HINCRBY', key, from, -1)
    redis.call('HINCRBY', key, to, 1)
  end
end
if from == 'submitting' and to == 'running' then redis.call('HINCRBY', tally, 'submits', 1) end
redis.call(keeps == '1' and 'SADD' or 'SREM', window, ref)
if from == 'pending' then redis.call('LREM', ready, 1, ref) end
if delay >= 0 then return redis.call('ZADD', agenda, 'CH', now + delay, ref) and 1 end
redis.call('ZREM', agenda, ref)
if delay == -1 then return redis.call('LPUSH', ready, ref) and 1 end
redis.call('HINCRBY', counts, 'images', images)
redis.call('HINCRBY', counts, 'cost_micro', cost)
local size = redis.call('HGET', chunk, 'size')
if size and redis.call('HINCRBY', chunk, 'ended', 1) >= tonumber(size) then
  redis.call('ZADD', chores, now, seal)
end
return 1
