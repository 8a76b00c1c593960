--[[
  Open an intake, unless it is open already, or ended and not to be opened again.

  KEYS[1] record      hash {document, copy, first_ms, tries, rows, reads, note, end}
  ARGV[1] document    the intake
  ARGV[2] again       1: one that has ended is opened again
  ARGV[3] keep        ms the record is kept

  Returns 1, or 0 when it was there.
]]
local record = KEYS[1]
local document, again, keep = ARGV[1], ARGV[2], ARGV[3]

if redis.call('EXISTS', record) == 1 then
  if again == '0' or redis.call('HEXISTS', record, 'end') == 0 then return 0 end
  redis.call('DEL', record)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', record, 'document', document, 'first_ms', string.format('%.0f', now))
redis.call('PEXPIRE', record, keep)
return 1
