-- Requests for wrk that differ from one another in path, cookie and request id, as real ones do: a cache
-- that only wins because every request is the same bytes must not look like a gain.
--
--   wrk ... -s requests.lua URL -- METHOD PIPELINED CONNECTION
--
-- METHOD is GET or POST (with a body of 1 KiB), PIPELINED the number of requests in one write,
-- CONNECTION keep-alive or close. All of them are written before the clock starts; a request then costs
-- the generator one table look-up. The last line on the standard output is the outcome in JSON.

local VARIANTS = 4096
local prepared = {}
local next_one = 0

local function one(method, close, i)
  local path = string.format("/products/%d/reviews?page=%d&sort=newest", 10007 + i * 31, i % 97)
  local lines = {
    method .. " " .. path .. " HTTP/1.1",
    "Host: " .. wrk.host .. ":" .. wrk.port,
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3",
    "Accept-Encoding: gzip, deflate, br",
    string.format("Cookie: session=%08x%08x; theme=dark", i * 2654435761 % 4294967296, i * 40503),
    string.format("X-Request-Id: %08x-%04x-4000-8000-%012x", i * 2246822519 % 4294967296, i, i * i),
  }
  local body = ""
  if close then lines[#lines + 1] = "Connection: close" end
  if method == "POST" then
    body = string.rep(string.format("%016x", i), 64)
    lines[#lines + 1] = "Content-Type: application/octet-stream"
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

function init(arguments)
  local method, pipelined, close = arguments[1], tonumber(arguments[2]), arguments[3] == "close"
  for i = 1, VARIANTS do
    local batch = {}
    for j = 1, pipelined do
      batch[j] = one(method, close, (i * pipelined + j) % 65536)
    end
    prepared[i] = table.concat(batch)
  end
end

function request()
  next_one = next_one % VARIANTS + 1
  return prepared[next_one]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"operations": %d, "seconds": %.6f, "errors": %d, "p50_us": %.1f, "p99_us": %.1f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
