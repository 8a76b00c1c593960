--[[
  Count what another lane has received as gone from this one, once, and forget its records.

  KEYS[1] transfers   hash batch -> what is on its way to another lane
  KEYS[2] tally       hash, the lane's counts by state
  KEYS[3] counts      hash, the batch's counts in this lane
  KEYS[4] chunk       hash {size, ended, loaded, gone}
  KEYS[5] chores      sorted set chore -> time (ms)
  ARGV[1] batch       the batch
  ARGV[2] number      the transfer's
  ARGV[3] prefix      of the job records' keys
  ARGV[4] jobs        that went
  ARGV[5] seal        the chore that is due when these were the chunk's last jobs

  Returns 1, or 0 when it was ended before.
]]
local transfers, tally, counts, chunk, chores = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local batch, number, prefix, jobs, seal = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local document = redis.call('HGET', transfers, batch)
if not document or string.match(document, '^%d+') ~= number then return 0 end
redis.call('HDEL', transfers, batch)
redis.call('HINCRBY', tally, 'pending', 0 - jobs)
redis.call('HINCRBY', counts, 'pending', 0 - jobs)

local gone = {}
for id in string.gmatch(document, '\n%d+ ([^\n]+)') do
  redis.call('UNLINK', prefix .. batch .. '/' .. id)
  gone[#gone + 1] = id
end
if #gone == 0 then return redis.call('HINCRBY', counts, 'sealed', 1) and 1 end
local before = redis.call('HGET', chunk, 'gone')
redis.call('HSET', chunk, 'gone', (before and before .. '\n' or '') .. table.concat(gone, '\n'))
if redis.call('HINCRBY', chunk, 'ended', jobs) >= tonumber(redis.call('HGET', chunk, 'size')) then
  local time = redis.call('TIME')
  redis.call('ZADD', chores, time[1] * 1000 + math.floor(time[2] / 1000), seal)
end
return 1
