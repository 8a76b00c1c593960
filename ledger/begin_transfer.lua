--[[
  Take a chunk that waits, or jobs nobody was ever paid for, out of a lane whose account is at fault.

  KEYS[1] transfers   hash batch -> what is on its way to another lane
  KEYS[2] config      hash {rate, burst, window, stopped, fault}
  KEYS[3] holds       hash reason:batch -> 1
  KEYS[4] waiting     list: the batch's chunks not loaded yet
  KEYS[5] ready       list: the batch's jobs that wait for a place
  KEYS[6] counts      hash, the batch's counts in this lane; transfer: the number of the last one
  KEYS[7] turns       sorted set batch -> virtual time of its next job
  KEYS[8] agenda      sorted set job -> time (ms)
  ARGV[1] batch       the batch
  ARGV[2] number      the transfer's, higher than those before
  ARGV[3] target      the lane it goes to
  ARGV[4] prefix      of the job records' keys
  ARGV[5] backlog     prefix of the backlogs of each stride

  Returns number, target, chunk, attempts and id of each job ... as lines, of this transfer or of one that is under
  way; empty: there is none; 0: the number is too low by now.
]]
local transfers, config, holds, waiting = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ready, counts, turns, agenda = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local batch, number, target, prefix, backlog = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local before = redis.call('HGET', transfers, batch)
if before then return before end
if redis.call('HGET', config, 'fault') ~= 'account' then return '' end
if redis.call('HEXISTS', holds, 'cancel:' .. batch) == 1 then return '' end
if tonumber(number) <= tonumber(redis.call('HGET', counts, 'transfer') or '0') then return '0' end

local chunk = redis.call('LPOP', waiting) or nil
local lines = { number, target, chunk }

-- What was sent and may have been paid for stays, and so does what has pictures already.
local function is_unspent(ref)
  local job = redis.call('HMGET', prefix .. ref, 'state', 'doubles', 'images', 'chunk')
  local untouched = job[1] == 'pending' and (job[2] or '0') == '0' and (job[3] or '[]') == '[]'
  if not untouched or (chunk and chunk ~= job[4]) then return false end
  chunk = job[4]
  lines[3] = chunk
  return true
end

local function take(ref)
  redis.call('ZREM', agenda, ref)
  redis.call('HINCRBY', prefix .. ref, 'claim', 1)
  lines[#lines + 1] = redis.call('HGET', prefix .. ref, 'attempts') .. ' ' .. string.sub(ref, #batch + 2)
end

if chunk then
  local stride = redis.call('HGET', counts, 'stride') or ''
  if redis.call('EXISTS', waiting) == 0 then redis.call('ZREM', backlog .. stride, batch) end
else
  local refs, stay = redis.call('LRANGE', ready, 0, -1), {}
  for _, ref in ipairs(refs) do
    if is_unspent(ref) then take(ref) else stay[#stay + 1] = ref end
  end
  if #stay < #refs then
    redis.call('DEL', ready)
    for _, ref in ipairs(stay) do redis.call('RPUSH', ready, ref) end
    if #stay == 0 then redis.call('ZREM', turns, batch) end
  end
  for _, ref in ipairs(redis.call('ZRANGE', agenda, 0, -1)) do
    if string.match(ref, '^[^/]*') == batch and is_unspent(ref) then take(ref) end
  end
end
if not lines[3] then return '' end
redis.call('HSET', counts, 'transfer', number)
local document = table.concat(lines, '\n')
redis.call('HSET', transfers, batch, document)
return document
