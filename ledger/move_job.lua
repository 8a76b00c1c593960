--[[
  Write how a step of a job ended: move it from one state to another, if the mover still holds its claim.

  KEYS[1] job         hash, the job's record
  KEYS[2] agenda      sorted set job -> time (ms)
  KEYS[3] window      set of jobs in play
  KEYS[4] ready       list: the batch's jobs that wait for a place
  KEYS[5] tally       hash, the lane's counts by state
  KEYS[6] counts      hash, the batch's counts in this lane
  KEYS[7] chunk       hash {size, ended}
  KEYS[8] chores      sorted set chore -> time (ms)
  KEYS[9] tickets     sorted set ticket -> time (ms) it was recorded
  KEYS[10] holds      hash reason:batch -> 1
  KEYS[11] turns      sorted set batch -> virtual time of its next job
  KEYS[12] looks      hash {trusted_until_ms, ...} of the looks at the task list
  ARGV[1] ref         the job
  ARGV[2] claim       the mover's claim number
  ARGV[3] nonce       one per call: the same call sent twice moves once
  ARGV[4] from        the state it must be in
  ARGV[5] to          the state it gets
  ARGV[6] delay       ms until its next moment; -1: it has ended
  ARGV[7] relying     the same while the lane's looks at the task list are relied on
  ARGV[8] keeps       1: it has a place in the window
  ARGV[9] attempts    added to its attempts: 1, 0 or -1
  ARGV[10] seal       the chore that is due when this was the chunk's last job
  ARGV[11] taken      1: the provider took the order just now
  ARGV[12] ticket     by which it can be asked for from now on, if any
  ARGV[13] kept       s the tickets are kept after the last one
  ARGV[14] goes_on    1: the mover takes the next step at once and keeps its claim, the delay being its lease
  ARGV[15] sums       how many name, amount pairs follow, added to the batch's counts
  ARGV[16] rest       those pairs, then field, value ... written into the record

  Returns 1 moved, 0 the claim is lost (nothing changed).
]]
local job, agenda, window, ready, tally, counts = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local chunk, chores, tickets, holds, turns, looks = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local ref, claim, nonce, from, to = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local delay, relying, keeps, attempts, seal = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
local taken, ticket, kept, goes_on, sums, rest = ARGV[11], ARGV[12], ARGV[13], ARGV[14], tonumber(ARGV[15]), 16

local held = redis.call('HMGET', job, 'claim', 'state', 'nonce')
if held[3] == nonce then return 1 end
if held[1] ~= claim or held[2] ~= from then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- An outcome takes the job out of the mover's hands, unless it goes on: no later renewal moves its next moment.
redis.call('HSET', job, 'state', to, 'nonce', nonce, 'moved_ms', now, 'handouts', goes_on, 'takes', goes_on)
for i = rest, rest + 2 * sums - 1, 2 do redis.call('HINCRBY', counts, ARGV[i], ARGV[i + 1]) end
for i = rest + 2 * sums, #ARGV - 1, 2 do redis.call('HSET', job, ARGV[i], ARGV[i + 1]) end
redis.call('HINCRBY', job, 'attempts', attempts)
if from ~= to then
  redis.call('HSET', job, to .. '_ms', now)
  for _, key in ipairs({ tally, counts }) do
    redis.call('HINCRBY', key, from, -1)
    redis.call('HINCRBY', key, to, 1)
  end
end
if to == 'failed' or to == 'partial' or to == 'uncertain' then redis.call('HSETNX', counts, 'first_failure', ref) end
if taken == '1' then redis.call('HDEL', tally, 'faults', 'probes') end
redis.call('HINCRBY', tally, 'submits', taken)
if ticket ~= '' and redis.call('ZADD', tickets, 'NX', now, ticket) then redis.call('EXPIRE', tickets, kept) end
redis.call(keeps == '1' and 'SADD' or 'SREM', window, ref)
local batch = string.match(ref, '^[^/]*')
if from == 'pending' then redis.call('LREM', ready, 1, ref) end
if redis.call('EXISTS', ready) == 0 then redis.call('ZREM', turns, batch) end
if relying ~= delay and now < tonumber(redis.call('HGET', looks, 'trusted_until_ms') or 0) then delay = relying end
-- What is withdrawn does not wait for its next try.
if to == 'pending' and redis.call('HEXISTS', holds, 'cancel:' .. batch) == 1 then delay = 0 end
if delay >= 0 then return redis.call('ZADD', agenda, 'CH', now + delay, ref) and 1 end
redis.call('ZREM', agenda, ref)
local size = redis.call('HGET', chunk, 'size')
if size and redis.call('HINCRBY', chunk, 'ended', 1) >= tonumber(size) then redis.call('ZADD', chores, now, seal) end
return 1
