--[[
  Hand out a lane's due chores, ask for the next chunk when few jobs are ready, and say what is left.

  KEYS[1] waiting     list of chunks not loaded yet
  KEYS[2] ready       list of jobs that wait for a place
  KEYS[3] chores      sorted set chore -> time (ms)
  KEYS[4] agenda      sorted set job -> time (ms)
  KEYS[5] tally       hash, the lane's counts; loading: chunks being loaded
  ARGV[1] chunks      prefix of the chunks' keys
  ARGV[2] low         a chunk is loaded when fewer jobs than this are ready
  ARGV[3] lease       ms until a chore handed out is due again
  ARGV[4] limit       most chores handed out

  Returns ms until the lane's next moment (0: now, -1: it has none), then each chore handed out.
]]
local waiting, ready, chores, agenda, tally = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local chunks, low, lease, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local loading = tonumber(redis.call('HGET', tally, 'loading') or '0')
if limit > 0 and loading < 1 and redis.call('LLEN', ready) < low then
  local chunk = redis.call('LPOP', waiting)
  if chunk then
    redis.call('HSET', chunks .. chunk, 'size', string.match(chunk, '%d+$'), 'ended', 0)
    redis.call('HINCRBY', tally, 'loading', 1)
    redis.call('ZADD', chores, now, 'load:' .. chunk)
  end
end

local handed = {}
if limit > 0 then
  handed = redis.call('ZRANGE', chores, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
  for _, chore in ipairs(handed) do redis.call('ZADD', chores, now + lease, chore) end
end

local moment = -1
if redis.call('LLEN', ready) > 0 or redis.call('LLEN', waiting) > 0 then moment = 0 end
for _, key in ipairs({ agenda, chores }) do
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if first[2] and (moment == -1 or first[2] - now < moment) then
    moment = math.max(first[2] - now, 0)
  end
end
table.insert(handed, 1, string.format('%.0f', moment))
return handed
