--[[
  Read which tasks a lane's provider has, and what is known of them, for a look at its task list.

  KEYS[1] window      set of jobs in play
  KEYS[2] looks       hash {trusted_until_ms, not_before_ms, looked_ms, skew_ms, false_alarms, missed}
  KEYS[3] learned     list of the last generation times, in seconds
  KEYS[4] tickets     sorted set ticket -> time (ms) it was recorded
  ARGV[1] prefix      of the job records' keys

  Returns {now (ms), skew_ms, false_alarms, missed, ms until the last job brought forward is asked for, learned,
  tickets recorded since the oldest order, {ref, ticket, submitting_ms, running_ms of each of the other jobs}}.
]]
local window, looks, learned, tickets = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local prefix = ARGV[1]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local jobs, oldest, busy = {}, now, 0
for _, ref in ipairs(redis.call('SMEMBERS', window)) do
  local job = redis.call('HMGET', prefix .. ref, 'state', 'brought_forward', 'ticket', 'submitting_ms', 'running_ms')
  if job[1] == 'running' and (job[2] or '') ~= '' then
    busy = math.max(busy, job[2] - now)
  elseif job[1] == 'running' and (job[3] or '') ~= '' and job[4] and job[5] then
    oldest = math.min(oldest, tonumber(job[4]))
    for _, value in ipairs({ ref, job[3], job[4], job[5] }) do jobs[#jobs + 1] = value end
  end
end
local known = redis.call('HMGET', looks, 'skew_ms', 'false_alarms', 'missed')
return {
  string.format('%.0f', now), known[1] or '0', known[2] or '0', known[3] or '0', string.format('%.0f', busy),
  redis.call('LRANGE', learned, 0, -1),
  redis.call('ZCOUNT', tickets, string.format('%.0f', oldest), '+inf'),
  jobs,
}
