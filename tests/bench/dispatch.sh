# shellcheck shell=bash
# dispatch - mail from the queue to a stand-in for Resend, in batches and without a limit of pace,
# and what that does to polls.
MAILS=${BENCH_MAILS:-10000}

resend_up() {
	RESEND_SAID=$VAR/resend
	rm -f "$RESEND_SAID"
	node "$BENCH/resend.mjs" >"$RESEND_SAID" &
	RESEND=$!
	wait_for 20 test -s "$RESEND_SAID" || die "the stand-in for Resend does not start"
	export RESEND_API_URL RESEND_API_KEY=re_test
	RESEND_API_URL=$(head -n 1 "$RESEND_SAID")
	[[ $RESEND_API_URL == http://127.0.0.1:* ]] || die "the stand-in for Resend is at $RESEND_API_URL"
}

resend_down() { # MAILS: that should have arrived, once each
	kill -TERM "$RESEND"
	wait "$RESEND" || true
	[ "$(tail -n 1 "$RESEND_SAID")" = "$1 0" ] || die "of $1 mails these arrived, and again: $(tail -n 1 "$RESEND_SAID")"
}

# So many mails as feedback makes them, for news that everybody has already.
queue_mail() { # MAILS
	local text='Ada wrote: The export button does nothing while the list is filtered by date.'
	sql "DELETE FROM deliveries WHERE channel = 'email'" "TRUNCATE mail_batches" \
		"UPDATE mail_pace SET next_at = '-infinity', per_second = 1000000, parked = NULL, parked_at = NULL, parked_until = NULL" \
		"INSERT INTO deliveries (user_id, notification_id, channel, kind, payload)
		SELECT user_id, id, 'email', type, jsonb_build_object('subject', title, 'text', repeat('$text ', 5),
			'html', '<p>' || repeat('$text ', 15) || '</p>')
		FROM notifications WHERE deleted_at IS NULL AND in_app LIMIT $1" \
		"VACUUM ANALYZE deliveries" CHECKPOINT
}

# Sets RATE
send_all() { # MAILS
	local began=${EPOCHREALTIME/./} said
	said=$(CARILLON_MAIL_URL=resend: "$BUILT/carillon-cron" dispatch) || die "the dispatch fails: $said"
	[[ $said == *"\"sent\":$1,"* ]] || die "the dispatch says $said"
	RATE=$(calc "$1 * 1000000 / (${EPOCHREALTIME/./} - $began)")
}

if wanted dispatch; then
	resend_up
	rates=()
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		queue_mail "$MAILS"
		send_all "$MAILS"
		rates+=("$RATE")
	done
	resend_down $((MAILS * BENCH_ROUNDS))
	record dispatch "$(median "${rates[@]}")" null null "2,000 mails a second" 2000 \
		"$(calc "$(median "${rates[@]}") / 2000")" goal 1
fi

send_until() { # FILE: all that waits, again and again while it is there
	while [ -e "$1" ]; do
		CARILLON_MAIL_URL=resend: "$BUILT/carillon-cron" dispatch >>"$VAR/sent" || return
	done
}

if wanted poll-while-dispatching; then
	ratios=() rates=() p50s=() p99s=() quiet=()
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		queue_mail $((MAILS * BENCH_SECONDS))
		wrk_run unread-count
		quiet+=("$RATE") was=$P99
		resend_up
		: >"$VAR/sending"
		send_until "$VAR/sending" &
		sending=$!
		sleep 0.2
		wrk_run unread-count
		left=$(sql "SELECT count(*) FROM deliveries WHERE channel = 'email' AND status = 'pending'")
		[ "$left" -gt 0 ] || die "the mails were all sent before the polls were over"
		rm "$VAR/sending"
		# what is left need not be sent; what the run has just locked it may send
		sql "DELETE FROM deliveries WHERE (user_id, id) IN (SELECT user_id, id FROM deliveries
			WHERE status = 'pending' AND batch_id IS NULL AND lease_token IS NULL FOR UPDATE SKIP LOCKED)" >/dev/null
		wait $sending || die "the dispatch has failed"
		sent=$(sql "SELECT count(*) FROM deliveries WHERE channel = 'email' AND status = 'sent'")
		[ "$sent" -gt $((BENCH_SECONDS * 200)) ] || die "only $sent mails were sent beside the polls"
		resend_down "$sent"
		rates+=("$RATE") p50s+=("$P50") p99s+=("$P99") ratios+=("$(calc "$P99 / $was")")
	done
	record poll-while-dispatching "$(median "${rates[@]}")" "$(median "${p50s[@]}")" "$(median "${p99s[@]}")" \
		"polls with nothing else" "$(median "${quiet[@]}")" "$(median "${ratios[@]}")" most 3
fi
