# shellcheck shell=bash
# check.sh - one line a check for tests that are scripts; checks_end prints the count and is their result.
checks=0 bad=0

check() { # WHAT COMMAND...
	local what=$1
	shift
	checks=$((checks + 1))
	[ -z "${CHECK_TIMES-}" ] || printf '%5.1f %s\n' "$SECONDS" "$what" >&2
	"$@" >/dev/null 2>&1 || { bad=$((bad + 1)); echo "not so: $what ($*)"; }
}
refuse() { ! "$@"; }
eventually() {
	local end=$((SECONDS + 30))
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return
		sleep 0.02
	done
}
checks_end() { # NAME
	echo "$1: $checks checks, $bad failed"
	[ "$bad" = 0 ]
}
