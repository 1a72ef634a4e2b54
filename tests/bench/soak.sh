# shellcheck shell=bash
# soak - everything at once for an hour, only when asked for by its name: what the workers hold at
# its end, beside what they held once they were warm.
SOAK=${BENCH_SOAK:-3600}	# seconds
EVERY=$((SOAK / 60))		# samples, so many seconds apart; warm is the fifth

descriptors() {
	local family pid n=0
	for family in $(families); do
		for pid in $(workers "$family"); do
			n=$((n + $(find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l)))
		done
	done
	echo $n
}

sample_until() { # FILE: while it is there
	while [ -e "$1" ]; do
		sleep $EVERY
		echo "$(resident) $(descriptors)" >>"$VAR/soaked"
	done
}

cron_until() { # FILE
	while [ -e "$1" ]; do
		"$BUILT/carillon-cron" all >>"$VAR/soak-cron" || return
		sleep 10
	done
}

# NAME COLUMN: the median of the last five samples beside that of the first five warm ones
flat() {
	local warm last
	# shellcheck disable=SC2046 # numbers
	warm=$(median $(sed -n 5,9p "$VAR/soaked" | cut -d ' ' -f "$2")) last=$(median $(tail -n 5 "$VAR/soaked" | cut -d ' ' -f "$2"))
	record "$1" "$RATE" "$P50" "$P99" "after a twelfth: $warm" null "$(calc "$last / $warm")" most 1.05
}

if [[ " $ONLY " == *" soak "* ]]; then
	: >"$VAR/soaking"
	sample_until "$VAR/soaking" &
	sampling=$!
	cron_until "$VAR/soaking" &
	crons=$!
	ROUND=1 wrk_run mixed 32 "$SOAK"
	rm "$VAR/soaking"
	wait $sampling
	wait $crons || die "cron: $(tail -n 1 "$VAR/soak-cron")"
	flat soak-memory 1
	flat soak-descriptors 2
fi
