-- load.lua - what wrk sends: wrk -s load.lua URL -- LOAD NUMBER
-- LOAD is a row of the table below, made with wrk's two threads and BENCH_* of the environment;
-- NUMBER is what a load says it is.  Prints one line for lib.sh: answers, microseconds, p50, p99,
-- failures.  Ids are made as data.sql makes them.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s, ns; } moment; int clock_gettime(int, moment *);")

local users = tonumber(os.getenv("BENCH_USERS"))
local rows = tonumber(os.getenv("BENCH_ROWS"))
local threads = {}
local tokens, number = {}, nil
-- globals: me (this thread's number, from setup) and, for done, answers, first and last

local function now()
	local t = ffi.new("moment")
	ffi.C.clock_gettime(1, t)
	return tonumber(t.s) * 1e6 + tonumber(t.ns) / 1e3
end

-- In halves: the product with a number of ten million would have more bits than Lua's numbers.
local function uuid(kind, n)
	local head = n % 65536 * 2654435761 + math.floor(n / 65536) * 2654435761 % 65536 * 65536
	return string.format("%08x-0000-4000-%s-%012d", head % 4294967296, kind, n)
end

local function row(user, n)
	return uuid("a000", (user - 1) * rows + n)
end

local function headers(user, more)
	local all = { ["Cookie"] = "token=" .. tokens[user] }
	for name, value in pairs(more or {}) do
		all[name] = value
	end
	return all
end

-- The same call for everybody in turn; each thread has its own half of the users.
local function rotate(method, path, more, body)
	local made, at = {}, 0
	for user = me, users, 2 do
		local extra = type(more) == "function" and more(user) or more
		made[#made + 1] = wrk.format(method, path, headers(user, extra), body)
	end
	return function()
		at = at % #made + 1
		return made[at]
	end
end

local function alone(path, user)
	local made = wrk.format("GET", path, headers(user))
	return function()
		return made
	end
end

-- The parts of a call with a row's id in between, for each user of this thread.
local function around(method, more, body)
	local before, after = {}, {}
	for user = me, users, 2 do
		local text = wrk.format(method, "/v1/notifications/@", headers(user, more), body)
		local from = text:find("@", 1, true)
		before[user], after[user] = text:sub(1, from - 1), text:sub(from + 1)
	end
	return function(user, id)
		return before[user] .. id .. after[user]
	end
end

local json = { ["Content-Type"] = "application/json" }
local count, list = "/v1/notifications/unread-count", "/v1/notifications"

local function patch()
	local set = {
		[true] = around("PATCH", json, '{"read":true}'),
		[false] = around("PATCH", json, '{"read":false}'),
	}
	local user = me - 2
	return function()
		user = user + 2 <= users and user + 2 or me
		return set[math.random(2) == 1](user, row(user, math.random(rows)))
	end
end

-- Each row once: round NUMBER has its own part of every inbox.
local function delete()
	local share = math.floor(rows / tonumber(os.getenv("BENCH_ROUNDS")))
	local call, user, n = around("DELETE"), me - 2, (number - 1) * share + 1
	return function()
		user = user + 2
		if user > users then
			user, n = me, n + 1
		end
		return call(user, row(user, n))
	end
end

-- Each inbox once, then no more: the connections that have none left wait for the end.
local function once()
	local left = math.floor(users / 2)
	local enough = left
	answers = 0
	delay = function()
		first = first or now()
		left = left - 1
		return left >= 0 and 0 or 60000
	end
	response = function()
		answers, last = answers + 1, now()
		if answers >= enough then
			wrk.thread:stop()
		end
	end
	return rotate("POST", list .. "/mark-all-read")
end

-- What is marked becomes unread again row by row, so that there is always something to mark.
local function mark_loop()
	local mark, unread = rotate("POST", list .. "/mark-all-read"), around("PATCH", json, '{"read":false}')
	local user, turn = me, 0
	return function()
		turn = turn + 1
		if turn % 2 == 0 then
			return mark()
		end
		user = user + 2 <= users and user + 2 or me
		return unread(user, row(user, math.random(rows)))
	end
end

-- One of 20 flags of each team's project in turn, with its client key (changes.sql).
local function evaluate()
	local made, at = {}, 0
	for team = me, math.floor(users / 10), 2 do
		local all = { ["Authorization"] = string.format("Bearer car_client_%048d", team * 10 + 1), ["Content-Type"] = json["Content-Type"] }
		made[#made + 1] = wrk.format("POST", "/ofrep/v1/evaluate/flags/flag-" .. team % 20 + 1, all,
			'{"context":{"targetingKey":"visitor-4711"}}')
	end
	return function()
		at = at % #made + 1
		return made[at]
	end
end

-- Any of the issues of events.sql, by one key a team and of a thousand users.
local function event()
	local made, prints = {}, tonumber(os.getenv("BENCH_FINGERPRINTS"))
	for team = me, math.floor(users / 10), 2 do
		for n = 1, 40 do
			local all = { ["Authorization"] = string.format("Bearer car_client_%048d", team * 10 + 1), ["Content-Type"] = json["Content-Type"] }
			made[#made + 1] = wrk.format("POST", "/v1/issues/events", all, string.format(
				'{"fingerprint":"f-%d","title":"TypeError: total is undefined","app":"shop","user":"user-%d","context":{"page":"/checkout","build":4711}}',
				math.random(prints), math.random(1000)))
		end
	end
	return function()
		return made[math.random(#made)]
	end
end

-- All of it, by people who take a moment between two calls.
local function mixed()
	local calls = { rotate("GET", count), rotate("GET", list), rotate("GET", "/api/notifications"), patch(), mark_loop(), evaluate(), event() }
	delay = function()
		return math.random(10, 30)
	end
	return function()
		return calls[math.random(#calls)]()
	end
end

local loads = {
	["unread-count"] = function() return rotate("GET", count) end,
	["loop-constant"] = function() return rotate("GET", "/v1/constant") end,
	["nginx-constant"] = function() return rotate("GET", "/v1/nginx-constant") end,
	["not-modified"] = function()	-- NUMBER: the tag, with @ for the user's id
		return rotate("GET", count, function(user)
			return { ["If-None-Match"] = number:gsub("@", uuid("8000", user)) }
		end)
	end,
	["list-50"] = function() return rotate("GET", list) end,
	["bell-50"] = function() return rotate("GET", "/api/notifications?limit=50") end,
	["ofrep-evaluate"] = evaluate,
	["issue-events"] = event,
	["patch"] = patch,
	["delete"] = delete,
	["mark-all"] = once,
	["mark-loop"] = mark_loop,
	["mixed"] = mixed,
	["one-count"] = function() return alone(count, tonumber(number)) end,	-- NUMBER: the user
	["one-page"] = function() return alone(list, tonumber(number)) end,
}

function setup(thread)
	threads[#threads + 1] = thread
	thread:set("me", #threads)
end

function init(args)
	number = args[2]
	for token in io.lines(os.getenv("BENCH_TOKENS")) do
		tokens[#tokens + 1] = token
	end
	math.randomseed(os.time() * 2 + me)
	request = loads[args[1]]()
end

function done(summary, latency)
	local total, time = summary.requests, summary.duration
	local from, to = math.huge, 0
	for _, thread in ipairs(threads) do
		if thread:get("answers") then
			total = thread == threads[1] and 0 or total
			total = total + thread:get("answers")
			from, to = math.min(from, thread:get("first")), math.max(to, thread:get("last"))
			time = to - from
		end
	end
	local e = summary.errors
	print(string.format("bench: %d %d %d %d %d", total, time, latency:percentile(50), latency:percentile(99),
		e.status + e.connect + e.read + e.write + e.timeout))
end
