# shellcheck shell=bash
# check.sh - one line a check for tests that are scripts; checks_end prints the count and is their result.
. "$(dirname "${BASH_SOURCE[0]}")/port.sh"
checks=0 bad=0 NOT_SO=()
CHECKED=$(mktemp "$TEST_WORK/checked.XXXXXX")

check() { # WHAT COMMAND...
	local what=$1
	shift
	checks=$((checks + 1))
	[ -z "${CHECK_TIMES-}" ] || printf '%5.1f %s\n' "$SECONDS" "$what" >&2
	"$@" >"$CHECKED" 2>&1 && return
	bad=$((bad + 1)) NOT_SO+=("$what ($*)")
	echo "not so: $what ($*)"
	tail -n 5 "$CHECKED"
}
refuse() { ! "$@"; }
eventually() {
	local end=$((SECONDS + 30))
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return
		sleep 0.02
	done
}
# What failed once more at the end: logs may stand between, of which a record keeps the last lines.
checks_end() { # NAME
	local what
	for what in "${NOT_SO[@]}"; do
		echo "not so: $what"
	done
	echo "$1: $checks checks, $bad failed"
	[ "$bad" = 0 ]
}
