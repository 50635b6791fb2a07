-- What wrk sends and how it checks the answers; prints one line of JSON at the end.
--   get EXPECTED              the URL; by wrk's own count of statuses over 399 (see web.py)
--   get-etag EXPECTED ETAG    the same with If-None-Match
--   sign EXPECTED TAG         a signer with an address and a name of its own, each time
--   confirm EXPECTED FILE     the next token of a file, one a line
wrong, spent = 0, 0

local threads = {}
function setup(thread) table.insert(threads, thread) end

local makers = {}

-- As a proxy passes them on: from as many networks as there are people.
local function json(n)
  local from = string.format("10.%d.%d.%d", math.floor(n / 65536) % 256, math.floor(n / 256) % 256, n % 256)
  return {["Content-Type"] = "application/json", ["X-Forwarded-For"] = from}
end

function makers.sign(tag)
  local n = 0
  return function()
    n = n + 1
    local who = tag .. "-" .. n
    return wrk.format("POST", nil, json(n), string.format(
      '{"name": "Signer %s", "email": "signer-%s@example.org", "kind": "person", ' ..
      '"discipline": "musician", "credit": "The Quarry Songs", "country": "FR", ' ..
      '"language": "en", "consent": true}', who, who))
  end
end

function makers.confirm(file)
  local tokens, n = {}, 0
  for line in io.lines(file) do tokens[#tokens + 1] = line end
  return function()
    n = n + 1
    -- A token confirmed before is cheaper to confirm: running out of them is a fault.
    if n > #tokens then spent = spent + 1; n = 1 end
    return wrk.format("POST", nil, json(n), '{"token": "' .. tokens[n] .. '"}')
  end
end

function init(args)
  local mode, expected = args[1], tonumber(args[2])
  if mode == "get-etag" then wrk.headers["If-None-Match"] = args[3] end
  if not makers[mode] then return end
  request = makers[mode](args[3])
  function response(status)
    if status ~= expected then wrong = wrong + 1 end
  end
end

function done(summary, latency, requests)
  local faults, out = summary.errors, 0
  local refused = faults.connect + faults.read + faults.write + faults.timeout + faults.status
  for _, thread in ipairs(threads) do
    refused = refused + thread:get("wrong")
    out = out + thread:get("spent")
  end
  io.write(string.format(
    '{"answers": %d, "bytes": %d, "seconds": %.6f, "refused": %d, "spent": %d, "p50": %.3f, "p99": %.3f}\n',
    summary.requests, summary.bytes, summary.duration / 1e6, refused, out,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
