# shellcheck shell=bash
# reads - polls and pages, which leave the rows as they are.
count=/v1/notifications/unread-count

if wanted nginx-constant; then
	sane 200 '^\{"count":50\}$' /v1/nginx-constant
	inform nginx-constant
fi

if wanted loop-constant; then
	sane 200 '^\{"count":50\}$' /v1/constant
	inform loop-constant
fi

if wanted unread-count; then
	sane 200 '^\{"count":50\}$' $count
	compare unread-count 0.55 loop-constant wrk_run loop-constant
fi

if wanted not-modified; then
	# everybody's version is the same, so one tag gives all the others
	[ "$(sql "SELECT count(DISTINCT version) FROM inbox")" = 1 ] || die "the inboxes differ in version"
	tag=$(curl -sSI -b "token=$(head -n 1 "$BENCH_TOKENS")" "$URL$count" | sed -n 's/\r$//; s/^ETag: //p')
	sane 304 '^$' $count -H "If-None-Match: $tag"
	user=$(sql "SELECT bench.uuid('8000', 1)")
	NUMBER=${tag/$user/@}
	[[ $NUMBER == *@* ]] || die "no user in the tag $tag"
	compare not-modified 0.65 loop-constant wrk_run loop-constant
	unset NUMBER
fi

if wanted list-50; then
	sane 200 '^\{"notifications":\[(\{[^}]*\},?){50}\],"cursor":"' /v1/notifications
	pgbench_best inbox_page 2 4 8
	compare list-50 0.50 "pgbench inbox_page, $CLIENTS" pgbench_run inbox_page "$CLIENTS"
fi

if wanted bell-50; then
	sane 200 '^\{"data":\[\{.*"unreadCount":50\}$' '/api/notifications?limit=50'
	inform bell-50
fi

if wanted ofrep-evaluate; then
	sane 200 '^\{"key":"flag-2","value":true,"reason":"STATIC","variant":"on"\}$' /ofrep/v1/evaluate/flags/flag-2 \
		-H "Authorization: Bearer car_client_$(printf %048d 11)" -H 'Content-Type: application/json' -d '{"context":{}}'
	compare ofrep-evaluate 0.55 loop-constant wrk_run loop-constant
fi

# A user with 100,000 unread rows beside one with 50, at one connection, in short turns: the ratio
# is that of the mean latencies.
growth() { # NAME LOAD
	local small=() large=() p50s=() p99s=() ratios=() was
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS * 3; ROUND++)); do
		NUMBER=$SMALL_USER wrk_run "$2" 1 1
		small+=("$RATE") was=$RATE
		NUMBER=$LARGE_USER wrk_run "$2" 1 1
		large+=("$RATE") p50s+=("$P50") p99s+=("$P99") ratios+=("$(calc "$was / $RATE")")
	done
	record "$1" "$(median "${large[@]}")" "$(median "${p50s[@]}")" "$(median "${p99s[@]}")" \
		"the same with 50 unread" "$(median "${small[@]}")" "$(median "${ratios[@]}")" most 1.3
}
if wanted large-unread-count; then
	growth large-unread-count one-count
fi
if wanted large-first-page; then
	growth large-first-page one-page
fi
