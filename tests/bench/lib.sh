# shellcheck shell=bash disable=SC2034 # the groups use what is set here
# lib.sh - how scripts/bench takes a figure.  The groups of figures are the other files here; each
# is sourced with the servers running and calls compare, inform or record.

export BENCH_USERS=${BENCH_USERS:-1000} BENCH_ROWS=${BENCH_ROWS:-1000} BENCH_LARGE=${BENCH_LARGE:-100000}
export BENCH_SECONDS=${BENCH_SECONDS:-5} BENCH_ROUNDS=${BENCH_ROUNDS:-3}
export BENCH_TOKENS=$VAR/tokens
LARGE_USER=$((BENCH_USERS + 1)) SMALL_USER=$((BENCH_USERS + 2))	# apart from the others
PICKS=20						# see pgbench.awk
MOMENTS=${BENCH_MOMENTS:-10000}				# due at once
SUPERUSER=$(cluster_url "$RUN" carillon postgres)

wanted() { # FIGURE
	[ -z "$ONLY" ] || [[ " $ONLY " == *" $1 "* || " $ONLY " == *" $GROUP "* ]]
}

sql() { # STATEMENT...
	local statement args=()
	for statement; do
		args+=(-c "$statement")
	done
	psql -qXAtv ON_ERROR_STOP=1 -d "$SUPERUSER" "${args[@]}"
}

calc() { awk -v OFMT=%.6g "BEGIN { print ($1) }"; }
median() { printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# What is measured must first be right: sane STATUS PATTERN PATH [CURL OPTION...]
sane() {
	local status=$1 pattern=$2 path=$3 got
	shift 3
	got=$(curl -sS -m 10 -w ' %{http_code}' -b "token=$(head -n 1 "$BENCH_TOKENS")" "$@" "$URL$path") ||
		die "$path: no answer"
	[[ ${got##* } == "$status" && ${got% *} =~ $pattern ]] ||
		die "$path answered ${got##* }: $(printf %.300s "${got% *}")"
}

# What nginx wrote of answers that are no success, counted.
refusals() {
	sed -nE 's/.*"at":"([^"]{16}).*"message":"([A-Z]+ [^ ?]*)[^"]*: ([45][0-9]{2})".*/\1 \2 \3/p' "$LOG/requests.log" |
		sed -E 's/[0-9a-f]{8}-[0-9a-f-]{27}/ID/' | sort | uniq -c | sort -k 2 | tail -n 100
}

# ---- one run: sets RATE, and wrk_run also P50 and P99 in ms ----

# NUMBER is what load.lua says of the load; a round's own number unless it is set.
wrk_run() { # LOAD [CONNECTIONS [SECONDS]]
	local connections=${2:-32} out got
	out=$(wrk -t $((connections > 1 ? 2 : 1)) -c "$connections" -d "${3:-$BENCH_SECONDS}s" --timeout 10s \
		-s "$BENCH/load.lua" "$URL" -- "$1" "${NUMBER:-$ROUND}" 2>&1) || die "wrk $1: $out"
	got=$(sed -n 's/^bench: //p' <<<"$out")
	[[ $got == [1-9]*\ 0 ]] || die "wrk $1 met failures: $out"$'\n'"$(refusals)"
	# shellcheck disable=SC2086 # a list of numbers
	set -- $got
	RATE=$(calc "$1 * 1000000 / $2") P50=$(calc "$3 / 1000") P99=$(calc "$4 / 1000")
}

declare -A PARAMETERS=(		# of the statements that pgbench runs: see pgbench.awk
	[inbox_page]='u# s# at last fetch'
	[notification_mark]='u# s# i# coin no'
	[issue_event]='i# k# e# f# title app u# context'
)
declare -A PICKED=([issue_event]=bench.event)	# out of which table, if not bench.pick

# The first second, in which statements are prepared, does not count.
pgbench_run() { # STATEMENT CLIENTS [SECONDS]
	local out script=$VAR/$1.pgbench
	awk -v name="$1" -v args="${PARAMETERS[$1]}" -v picks="$PICKS" -v table="${PICKED[$1]-bench.pick}" -f "$BENCH/pgbench.awk" \
		"$ROOT"/sql/query/*.sql >"$script" || die "no script for pgbench"
	out=$(pgbench -n -M prepared -c "$2" -j 2 -T $((${3:-$BENCH_SECONDS} + 1)) -P 1 -f "$script" \
		-D at=infinity -D last=ffffffff-ffff-ffff-ffff-ffffffffffff -D fetch=51 -D no=false \
		-D title='TypeError: total is undefined' -D app=shop -D context='{"page":"/checkout","build":4711}' \
		-h "$RUN" -U carillon_web carillon 2>&1) || die "pgbench $1: $out"
	RATE=$(awk -v picks="$PICKS" '/^progress: / && seen++ { n += $4 } END { print n * picks / (seen - 1) }' <<<"$out")
}

# How many clients a floor of pgbench is best with: sets CLIENTS
pgbench_best() { # STATEMENT CLIENTS...
	local statement=$1 clients best=0
	shift
	for clients; do
		pgbench_run "$statement" "$clients" 2
		if [ "$(calc "$RATE > $best")" = 1 ]; then
			best=$RATE CLIENTS=$clients
		fi
	done
}

# ---- a figure: BENCH_ROUNDS runs ----

# Of the load NAME of load.lua; with a goal, in turn with the command that is its floor.  BEFORE,
# a command, comes before each run of both.
figure() { # NAME GOAL FLOOR_NAME [FLOOR_COMMAND...]
	local name=$1 goal=$2 floor=$3 rates=() p50s=() p99s=() floors=() rate floor_rate=null ratio=null
	shift 3
	[ -n "${COLD-}" ] || ROUND=1 wrk_run "$name" 32 1
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		${BEFORE-}
		wrk_run "$name"
		rates+=("$RATE") p50s+=("$P50") p99s+=("$P99")
		if [ $# -gt 0 ]; then
			${BEFORE-}
			"$@"
			floors+=("$RATE")
		fi
	done
	rate=$(median "${rates[@]}")
	if [ $# -gt 0 ]; then
		floor_rate=$(median "${floors[@]}")
		ratio=$(calc "$rate / $floor_rate")
	fi
	record "$name" "$rate" "$(median "${p50s[@]}")" "$(median "${p99s[@]}")" "$floor" "$floor_rate" \
		"$ratio" goal "$goal"
}
compare() { figure "$@"; }		# NAME GOAL FLOOR_NAME FLOOR_COMMAND...
inform() { figure "$1" null null; }	# NAME

# ---- the results ----

ROW='%-19s %9s %8s %8s  %-26s %9s %8s  %s\n'

table_head() {
	# shellcheck disable=SC2059 # the format is above
	printf "\n$ROW" figure rate/s p50/ms p99/ms floor rate/s ratio wanted
}

# KIND is goal (ratio at least LIMIT) or most; what does not apply is null.
record() { # NAME RATE P50 P99 FLOOR FLOOR_RATE RATIO KIND LIMIT
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>"$VAR/results"
	tail -n 1 "$VAR/results" | awk -F '\t' -v row="$ROW" '
	function text(v, how) { return v == "null" ? "" : sprintf(how, v) }
	{
		ok = $8 == "goal" ? $7 >= $9 : $7 <= $9
		wanted = $9 == "null" ? "" : ($8 == "goal" ? ">= " : "<= ") $9 (ok ? "  reached" : "  NOT reached")
		printf row, $1, text($2, "%.0f"), text($3, "%.2f"), text($4, "%.2f"), text($5, "%s"),
		    text($6, "%.0f"), text($7, "%.3f"), wanted
	}'
}

results_json() {
	awk -F '\t' '
	function number(v) { return v == "null" ? v : sprintf("%.6g", v) }
	BEGIN { printf "[" }
	{
		printf "%s\n{\"name\":\"%s\",\"rate\":%s,\"p50_ms\":%s,\"p99_ms\":%s,", (NR > 1 ? "," : ""), $1,
		    number($2), number($3), number($4)
		printf "\"floor\":%s,\"floor_rate\":%s,\"ratio\":%s,\"%s\":%s}", ($5 == "null" ? $5 : "\"" $5 "\""),
		    number($6), number($7), $8, number($9)
	}
	END { print "\n]" }' "$VAR/results"
}
