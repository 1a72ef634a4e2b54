# shellcheck shell=bash
# memory - what the workers hold after all the rest: the sum of their resident sizes, in MB.
workers() { # NAME: the children of its pool's multiwatch
	cat "/proc/${PIDS[$1]}/task/${PIDS[$1]}/children"
}

resident() {
	local family pid kb=0
	for family in $(families); do
		[ "$family" != constant ] || continue
		for pid in $(workers "$family"); do
			kb=$((kb + $(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")))
		done
	done
	[ $kb -gt 0 ] || die "the pools have no workers"
	calc "$kb / 1024"
}

if wanted memory; then
	record memory null null null null null "$(resident)" most 40
fi
