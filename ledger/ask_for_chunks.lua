--[[
  Ask for the next chunk of the batches that run out of ready jobs, of each stride one at a time.

  KEYS[1] turns       sorted set batch -> virtual time of its next job
  KEYS[2] loading     hash chunk -> its batch's stride, of chunks being loaded
  KEYS[3] chores      sorted set chore -> time (ms)
  ARGV[1] waiting     prefix of the batches' chunks not loaded yet
  ARGV[2] ready       prefix of the batches' ready jobs
  ARGV[3] backlog     prefix of the backlogs of each stride
  ARGV[4] counts      prefix of the batches' counts in this lane
  ARGV[5] chunks      prefix of the chunks' keys
  ARGV[6] low         a batch's next chunk is loaded when fewer of its jobs than this are ready,
  ARGV[7] seats       and fewer batches of its stride than this have as many
  ARGV[8] room        0: nothing is asked for
  ARGV[9] strides     all there are, all further arguments

  Returns 1 while jobs are ready or chunks wait, else 0.
]]
local turns, loading, chores = KEYS[1], KEYS[2], KEYS[3]
local waiting, ready, backlog, counts, chunks = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local low, seats, room, strides = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), 9

-- The batch whose ready jobs are used up first, if they are few. What the backlog says of that was
-- right when it was last looked at; since then they can only have come to last longer.
local function next_in(stride)
  for _ = 1, 2 * seats do
    local batch, lasts = unpack(redis.call('ZRANGE', backlog .. stride, 0, 0, 'WITHSCORES'))
    if not batch then return nil end
    local loaded = redis.call('LLEN', ready .. batch)
    local turn = redis.call('ZSCORE', turns, batch) or redis.call('HGET', counts .. batch, 'turn') or 0
    if turn + loaded * stride <= tonumber(lasts) then return loaded < low and batch end
    redis.call('ZADD', backlog .. stride, turn + loaded * stride, batch)
  end
end

local function seat_is_free(stride)
  local taken = 0
  for _, batch in ipairs(redis.call('ZRANGE', turns, 0, -1)) do
    local same = redis.call('HGET', counts .. batch, 'stride') == stride
    if same and redis.call('LLEN', ready .. batch) >= low then taken = taken + 1 end
  end
  return taken < seats
end

local time, busy, waits = redis.call('TIME'), {}, redis.call('EXISTS', turns)
for _, stride in ipairs(redis.call('HVALS', loading)) do busy[stride] = true end
for i = strides, #ARGV do
  local stride = ARGV[i]
  local batch = room > 0 and not busy[stride] and next_in(stride)
  local chunk = batch and seat_is_free(stride) and redis.call('LPOP', waiting .. batch)
  if chunk then
    redis.call('HSET', chunks .. chunk, 'size', string.match(chunk, '%d+$'), 'ended', 0)
    redis.call('HSET', loading, chunk, stride)
    redis.call('ZADD', chores, time[1] * 1000 + math.floor(time[2] / 1000), 'load:' .. chunk)
  end
  if batch and redis.call('EXISTS', waiting .. batch) == 0 then redis.call('ZREM', backlog .. stride, batch) end
  waits = math.max(waits, redis.call('EXISTS', backlog .. stride))
end
return waits
