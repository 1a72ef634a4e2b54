# shellcheck shell=bash
# beside.sh - tests side by side, for scripts/test and the copies of it that it starts: a pipe holds a
# place for each that may run at a time, whoever of them starts it.  Most tests wait more than they work,
# so there is one more of them than there are processors.  Sourced after tests/lib/stack.sh.

BESIDES=0
declare -A BESIDE=()	# pid -> what it said, a file; the counts are beside it

places_up() {
	if [ -z "${TEST_PLACES-}" ]; then
		export TEST_PLACES=$WORK/places
		mkfifo "$TEST_PLACES"
		exec {PLACES}<>"$TEST_PLACES"
		printf "%$((${TEST_JOBS:-$(nproc) + 1}))s" '' >&"$PLACES"
	else
		exec {PLACES}<>"$TEST_PLACES"
	fi
}

# beside COMMAND...: as soon as there is a place
beside() {
	local said=$WORK/beside-$((++BESIDES))
	IFS= read -rN 1 -u "$PLACES" _
	say_ended
	one_beside "$said.count" "$@" >"$said" 2>&1 &
	BESIDE[$!]=$said
}

# What it started ends with it, and its place is free again however it ends.  A scripts/test among it
# makes places of its own.
one_beside() { # COUNT COMMAND...
	local count=$1
	shift
	PASSED=0 FAILED=0 SKIPPED=
	unset TEST_PLACES
	trap 'end_beside' EXIT
	trap 'exit 130' INT TERM
	"$@"
	echo "$PASSED $FAILED $SKIPPED" >"$count"
}

end_beside() {
	trap '' INT TERM
	[ -z "$CURRENT" ] || kill "$CURRENT" 2>/dev/null
	stacks_down
	printf ' ' >&"$PLACES"
}

say_ended() {
	local pid
	for pid in "${!BESIDE[@]}"; do
		alive "$pid" || say_one "$pid"
	done
}

say_one() { # PID: what it said and found, once it has ended
	local passed=0 failed=0 skipped=
	wait "$1"
	cat "${BESIDE[$1]}"
	read -r passed failed skipped 2>/dev/null <"${BESIDE[$1]}.count" || { failed "${BESIDE[$1]##*/}" "no end"; try_again unknown; }
	PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$SKIPPED$skipped
	unset "BESIDE[$1]"
}

all_beside() {
	local pid
	for pid in "${!BESIDE[@]}"; do
		say_one "$pid"
	done
}

stop_beside() {
	[ ${#BESIDE[@]} = 0 ] || { kill "${!BESIDE[@]}"; wait "${!BESIDE[@]}"; } 2>/dev/null
}
