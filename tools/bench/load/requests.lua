-- Requests for wrk: arguments are the file with the request's template and four hexadecimal digits for this run.
-- A serial is run (4), thread (2), number (6): no two requests of a measurement are the same happening.
local threads = 0

function setup(thread)
  thread:set("number_of_thread", threads)
  threads = threads + 1
end

local parts, prefix, count = {}, "", 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local template = file:read("*a")
  file:close()
  local from = 1
  while true do
    local at, till = template:find("@@serial@@@@", from, true)
    parts[#parts + 1] = template:sub(from, (at or 0) - 1)
    if not at then break end
    from = till + 1
  end
  prefix = args[2] .. string.format("%02x", number_of_thread)
end

function request()
  count = count + 1
  return table.concat(parts, prefix .. string.format("%06x", count))
end

-- One line of JSON, because wrk's own report rounds. Microseconds.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"bad_status":%d,"broken":%d,"timeouts":%d,"p50":%d,"p99":%d,"most":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max
  ))
end
