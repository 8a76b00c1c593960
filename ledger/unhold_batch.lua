--[[
  Take one reason back for which nothing of a batch is ordered; without any, what was parked waits for its turn again.

  KEYS[1] holds       hash reason:batch -> 1
  KEYS[2] ready       list of jobs that wait for a place
  KEYS[3] waiting     list of chunks not loaded yet
  KEYS[4] jobs        list: the batch's parked jobs
  KEYS[5] chunks      list: the batch's parked chunks
  ARGV[1] reason      cancel, pause or budget
  ARGV[2] batch       the batch
  ARGV[3] first       jobs whose turn is next, all further arguments

  Returns 1, or 0 when it was not held for that reason.
]]
local holds, ready, waiting, jobs, chunks = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local reason, batch, first = ARGV[1], ARGV[2], 3

local removed = redis.call('HDEL', holds, reason .. ':' .. batch)
for _, other in ipairs({ 'cancel:', 'pause:', 'budget:' }) do
  if redis.call('HEXISTS', holds, other .. batch) == 1 then return removed end
end
for from, to in pairs({ [jobs] = ready, [chunks] = waiting }) do
  local all = redis.call('LRANGE', from, 0, -1)
  for i = #all, 1, -1 do redis.call('LPUSH', to, all[i]) end
  redis.call('DEL', from)
end
for i = first, #ARGV do
  if redis.call('LREM', ready, 1, ARGV[i]) == 1 then redis.call('LPUSH', ready, ARGV[i]) end
end
return removed
