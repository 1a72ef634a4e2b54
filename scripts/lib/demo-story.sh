# shellcheck shell=bash disable=SC2034 # sourced by scripts/demo
# demo-story.sh - what happened to Demo Team, oldest first.  Olga (owner) is in Berlin, Adam (admin) in New York,
# Dora (developer) in Kolkata; the program makes all that is told of it.

DEMO=00000000-0000-4000-8000-000000000011 OTHER=00000000-0000-4000-8000-000000000012
BERLIN=Europe/Berlin YORK='America/New_York' KOLKATA=Asia/Kolkata
declare -A EXPERIMENT=() FLAG=() ISSUE=() # ids by a short name

# ---- words of the story ----

experiment() { # SHORT BODY
	call POST "/v1/projects/$PROJECT/experiments" "$2"
	EXPERIMENT[$1]=$ID
}
on_experiment() { call POST "/v1/experiments/${EXPERIMENT[$1]}/$2"; } # SHORT ACTION

flag() { # KEY NAME [KIND VARIATIONS ON OFF]
	call POST "/v1/projects/$PROJECT/flags" "{\"key\":\"$1\",\"name\":\"$2\",\"kind\":\"${3-boolean}\",\"variations\":${4-[{\"name\":\"on\",\"value\":true\},{\"name\":\"off\",\"value\":false\}]},\"default_on\":\"${5-on}\",\"default_off\":\"${6-off}\"}"
	FLAG[$1]=$ID
}
toggle() { call POST "/v1/flags/${FLAG[$1]}/environments/$2/$3"; } # KEY ENVIRONMENT run|pause

# Each TIME is one word of the caller's, as 'day 9 09:00'; an end is that, or N@HH:MM, N days after the first moment.
instant() {
	# shellcheck disable=SC2086 # the words of a time
	case $1 in
	'') ANSWER=null ;;
	*@*) ANSWER="{\"days_after\":${1%@*},\"time\":\"${1#*@}\"}" ;;
	ago*) far ago "${1#ago }" ;;
	*) far $1 ;;
	esac
}
schedule() { # PATH FIRST-KEY END-KEY ZONE FIRST END
	local first end
	instant "$5"
	first=$ANSWER
	instant "$6"
	end=$ANSWER
	case $end in null | '{'*) ;; *) end="{\"at\":\"$end\"}" ;; esac
	[ "$first" = null ] || first="\"$first\""
	call PUT "$1/schedule" "{\"$2\":$first,\"$3\":$end,\"time_zone\":\"$4\"}"
}
schedule_experiment() { schedule "/v1/experiments/${EXPERIMENT[$1]}" launch_at end "${@:2}"; } # SHORT ZONE FIRST END
schedule_flag() { schedule "/v1/flags/${FLAG[$1]}/environments/$2" enable_at disable "${@:3}"; } # KEY ENVIRONMENT ZONE FIRST END

events() { # SHORT N USERS BODY: N events that users u1 to uUSERS run into, in turn; BODY without its last brace
	local i list=()
	for ((i = 0; i < $2; i++)); do
		list+=(POST /v1/issues/events "$4,\"user\":\"u$((i % $3 + 1))\"}")
	done
	calls "${list[@]}"
	[[ $ANSWER =~ \"issue_id\":\"([0-9a-f-]{36})\" ]] && ISSUE[$1]=${BASH_REMATCH[1]}
}
move_issue() { call PATCH "/v1/issues/${ISSUE[$1]}" "{\"status\":\"$2\"}"; }

feedback() { call POST /v1/feedback "$1"; }
key() { # SHORT TEAM BODY
	call POST "/v1/teams/$2/keys" "$3"
	[[ $ANSWER =~ \"secret\":\"(car_[a-z]+_[0-9a-f]+)\" ]] && KEY[$1]=${BASH_REMATCH[1]}
}
member() { call POST "/v1/teams/$DEMO/members" "{\"email\":\"$1@example.com\",\"role\":\"$2\"}"; }
start_job() { call POST "/v1/teams/$DEMO/jobs" "{\"type\":\"$1\",\"project_id\":\"$PROJECT\",\"notify\":true}"; }
read_all() { as "$1" && call POST /v1/notifications/mark-all-read '{}'; }

HALVES='[{"name":"As it is","weight":50},{"name":"With it","weight":50}]'
trial() { # NAME HYPOTHESIS PAGES [METRICS]
	echo "{\"name\":\"$1\",\"hypothesis\":\"$2\",\"url_rules\":[\"https://shop.example$3\"],\"variations\":$HALVES,\"metrics\":${4-[\"orders\"]}}"
}

# ---- chapters ----

story() {
	settling_in
	first_week
	second_week
	last_days
	today
}

settling_in() {
	at day 31 09:12
	as owner
	member admin admin
	member developer developer
	at day 30 14:40
	member viewer viewer
	member collaborator developer
	member sam developer
	at day 28 11:00
	call POST "/v1/teams/$DEMO/projects" '{"name":"Demo Project"}'
	PROJECT=$ID
	key production $DEMO "{\"name\":\"Shop\",\"kind\":\"client\",\"project_id\":\"$PROJECT\",\"environment\":\"production\"}"
	key staging $DEMO "{\"name\":\"Shop, staging\",\"kind\":\"client\",\"project_id\":\"$PROJECT\",\"environment\":\"staging\"}"
	key agent $DEMO '{"name":"Deploy bot","kind":"agent"}'
	at day 27 16:05
	as outsider
	call POST "/v1/teams/$OTHER/projects" '{"name":"Other Project"}'
	ELSEWHERE=$ID
	key elsewhere $OTHER "{\"name\":\"Site\",\"kind\":\"client\",\"project_id\":\"$ELSEWHERE\",\"environment\":\"production\"}"
	at day 20 15:20
	as production
	call POST /v1/snippet
}

first_week() {
	at day 14 08:30
	as developer
	flag new-search 'New search'
	toggle new-search development run
	toggle new-search staging run
	at day 13 09:15
	as collaborator
	experiment popup "$(trial 'Newsletter pop-up' 'Asking later annoys fewer visitors.' '/*' '["sign-ups"]')"
	on_experiment popup publish
	at day 13 10:45
	as developer
	flag beta-basket 'Beta basket'
	toggle beta-basket development run
	flag free-delivery 'Free delivery' number '[{"name":"always","value":0},{"name":"usual","value":49.9}]' always usual
	at day 12 09:30
	as collaborator
	experiment colour '{"name":"Checkout button colour","hypothesis":"A green button is noticed sooner, so more baskets become orders.","url_rules":["https://shop.example/checkout*"],"variations":[{"name":"Blue","weight":50},{"name":"Green","weight":50}],"metrics":["orders","revenue"]}'
	at day 11 09:10
	on_experiment popup pause
	on_experiment popup stop
	as owner
	on_experiment popup archive
	at day 11 10:00
	as developer
	flag gift-cards 'Gift cards'
	flag checkout-redesign 'Checkout redesign'
	toggle checkout-redesign development run
	at day 10 11:05
	as owner
	schedule_experiment colour $BERLIN 'day 9 09:00' 7@18:00
	at day 10 16:00
	as admin
	call POST /v1/auth/me/webhooks '{"name":"Release radio","url":"https://radio.shop.example/hooks/carillon"}'
	at day 9 09:00
	cron fire
	deliver
	at day 9 14:30
	as admin
	experiment delivery "$(trial 'Delivery date on product pages' 'Who knows when it arrives orders today.' '/products/*')"
	schedule_experiment delivery $YORK 'day 8 09:00 America/New_York' 'day 4 14:00 America/New_York'
	at day 8 09:12
	as production
	events session 6 4 '{"title":"Session lost between two pages","app":"shop","context":{"page":"/basket","build":"4.11.0"}'
	minute digest
	at day 8 11:30
	feedback '{"message":"The new checkout is so much faster. Thank you!","name":"Priya","email":"priya@customer.example","context":{"page":"/checkout","rating":5}}'
	minute
	at day 8 09:00 $YORK
	cron fire
	deliver
	at day 8 17:00
	as owner
	start_job project_export
	minute jobs
	at day 8 18:10
	experiment summer "$(trial 'Summer banner' 'A banner on the front page brings visitors to the summer collection.' / '["clicks on the collection"]')"
	schedule_experiment summer $BERLIN 'day 7 14:30' 14@09:00
	schedule_flag beta-basket production $BERLIN 'day 7 14:00' ''
	as developer
	schedule_flag new-search production $KOLKATA 'day 7 20:20 Asia/Kolkata' ''
}

second_week() {
	at day 7 10:20
	as developer
	move_issue session resolved
	at day 7 12:00
	as production
	feedback '{"message":"Ich finde nicht, wo ich meine Lieferadresse ändern kann.","name":"Jonas Berg","context":{"page":"/account"}}'
	minute
	# cron stood still from noon on
	at day 7 16:12
	cron fire
	deliver
	at day 6 09:20
	as production
	events payment 9 7 '{"title":"Payment provider timed out after 10 s","app":"shop","context":{"provider":"paygate","build":"4.12.0"}'
	minute digest
	at day 6 11:00
	events image 25 19 '{"title":"Image of a product not found","app":"shop"'
	minute
	at day 6 16:40
	events session 3 3 '{"title":"Session lost between two pages","app":"shop","context":{"page":"/account","build":"4.12.1"}'
	minute
	at day 5 09:22
	cron digest
	deliver
	at day 5 09:50
	as developer
	move_issue payment resolved
	move_issue image in_progress
	move_issue session resolved
	at day 5 10:30
	as production
	feedback '{"message":"住所の入力がとても簡単になりました。ありがとうございます。","name":"佐藤 葵","context":{"page":"/checkout/address"}}'
	minute
	at day 5 12:00
	as owner
	schedule_flag free-delivery production $BERLIN 'day 4 00:00' 'ago 19 hours'
	as collaborator
	schedule_flag gift-cards production $BERLIN 'day 3 10:00' ''
	as sam
	schedule_flag beta-basket staging $BERLIN 'day 2 09:00' ''
	at day 5 17:30
	as collaborator
	experiment pricing '{"name":"Pricing page headline","url_rules":["https://shop.example/pricing"],"variations":[{"name":"Simple pricing","weight":34},{"name":"Pay as you go","weight":33},{"name":"No surprises","weight":33}],"metrics":["plans chosen"]}'
	as owner
	schedule_experiment pricing $BERLIN 'day 4 11:30' 10@18:00
	at day 4 00:00
	cron fire
	deliver
}

last_days() {
	at day 4 10:10
	as collaborator
	call PATCH "/v1/experiments/${EXPERIMENT[pricing]}" '{"metrics":[]}'
	at day 4 11:30
	cron fire
	deliver
	at day 4 11:41
	as production
	feedback '{"message":"O total da última página não é o que vi no carrinho.","name":"Ana Sousa","email":"ana@customer.example","context":{"page":"/checkout/confirm","order":"A-1027"}}'
	refuse_mail collaborator
	minute
	at day 4 14:00
	as staging
	events sum 8 2 '{"title":"Deprecated call of basket.sum()","app":"shop"'
	at day 4 14:30
	as developer
	move_issue sum silenced
	at day 4 16:20
	as admin
	start_job project_export
	lose_workers
	minute jobs
	at day 4 17:00
	call PATCH "/v1/teams/$DEMO/members/00000000-0000-4000-8000-000000000004" '{"role":"collaborator"}'
	at day 4 17:05
	as owner
	call DELETE "/v1/teams/$DEMO/members/00000000-0000-4000-8000-000000000007"
	# an account is closed by hand
	sql "DELETE FROM users WHERE email = 'sam@example.com'"
	at day 4 14:00 $YORK
	cron fire
	deliver
	at day 3 09:00
	as production
	events search 5 5 '{"title":"Search takes longer than 4 s","app":"search","context":{"query":"summer dress"}'
	minute digest
	bounce viewer
	at day 3 10:00
	cron fire
	deliver
	at day 3 10:40
	as developer
	move_issue search snoozed
	at day 3 15:00
	as collaborator
	experiment reminder '{"name":"Free delivery reminder","hypothesis":"Saying how little is missing for free delivery makes baskets bigger.","url_rules":["https://shop.example/basket","https://shop.example/checkout*"],"variations":[{"name":"As it is","weight":80},{"name":"Reminder","weight":20}],"metrics":["items in the basket","orders"]}'
	as developer
	schedule_experiment reminder $KOLKATA 'day 2 16:00 Asia/Kolkata' 10@18:00
	at day 3 16:20
	call DELETE "/v1/experiments/${EXPERIMENT[reminder]}/schedule"
	on_experiment reminder publish
	at day 2 09:00
	cron fire
	deliver
	at day 2 10:00
	as admin
	call DELETE "/v1/teams/$DEMO/members/00000000-0000-4000-8000-000000000005/suppression"
	start_job issue_digest
	minute jobs
	at day 2 11:15
	as developer
	schedule_flag checkout-redesign staging $KOLKATA 'day 2 23:30 Asia/Kolkata' ''
	at day 2 14:00
	toggle checkout-redesign staging run
	toggle checkout-redesign production run
	flag banner 'Banner of the front page' json '[{"name":"summer","value":{"text":"Summer is here","link":"/summer"}},{"name":"none","value":{}}]' summer none
	toggle banner development run
	flag support-chat 'Support chat'
	toggle support-chat staging run
	at day 2 15:30
	as admin
	start_job project_export
	at later '40 seconds'
	call POST "/v1/jobs/$ID/cancel"
	minute
	at day 2 18:00
	cron fire
	deliver
}

today() {
	at ago '28 hours'
	as owner
	on_experiment colour stop
	experiment onepage '{"name":"One-page checkout","hypothesis":"Fewer steps lose fewer customers on the way.","url_rules":["https://shop.example/checkout*"],"variations":[{"name":"Three pages","weight":50},{"name":"One page","weight":50}],"metrics":["orders"]}'
	schedule_experiment onepage $BERLIN 'day -2 09:00' 14@18:00
	at ago '26 hours'
	as production
	events total 14 11 '{"title":"TypeError: total is undefined","app":"shop","context":{"page":"/checkout/confirm","build":"4.13.0"}'
	minute digest
	at ago '25 hours'
	feedback '{"message":"Bonjour ! Quand aurons-nous un mode sombre ? Mes yeux vous remercient déjà.","name":"Chloé","context":{"rating":4}}'
	minute
	at ago '22 hours'
	events payment 7 6 '{"title":"Payment provider timed out after 10 s","app":"shop","context":{"provider":"paygate","build":"4.13.0"}'
	at ago '21 hours'
	events address 4 3 '{"title":"Address form refuses „Straße“","app":"shop","context":{"page":"/checkout/address"}'
	at ago '19 hours'
	cron fire
	deliver
	at ago '18 hours'
	read_all owner
	read_all developer
	at ago '17 hours'
	as collaborator
	experiment wrap "$(trial 'Gift wrap offer' 'Offered in the basket, wrapping is bought more often.' '/basket' '["gift wraps sold"]')"
	experiment express "$(trial 'Express checkout' 'Known customers need one click.' '/basket')"
	as owner
	schedule_experiment wrap $BERLIN 'ago 40 minutes' 21@20:00
	at ago '10 hours'
	read_all admin
	read_all viewer
	as production
	events image 12 10 '{"title":"Image of a product not found","app":"shop"'
	at ago '6 hours'
	cron cleanup
	as developer
	schedule_flag banner production $KOLKATA 'day -1 11:00 Asia/Kolkata' 3@09:30
	schedule_flag support-chat production $KOLKATA 'ago 12 minutes' 2@18:00
	as admin
	schedule_experiment reminder $YORK '' 'day -3 12:00 America/New_York'
	at ago '5 hours'
	as owner
	start_job project_export
	minute jobs
	date_exports
	at ago '4 hours'
	as elsewhere
	feedback '{"message":"Where do I find the opening hours?","name":"Lee"}'
	events font 3 2 '{"title":"Font cannot be loaded","app":"site"'
	minute digest
	at ago '3 hours'
	as production
	events coupon 3 3 '{"title":"Coupon SUMMER counted twice","app":"shop","context":{"coupon":"SUMMER"}'
	# a day after the last one
	at ago '2 hours'
	LATER='2 minutes' minute digest
	at ago '100 minutes'
	as developer
	move_issue total in_progress
	at ago '50 minutes'
	as production
	events empty 2 2 '{"title":"Basket is empty after login","app":"shop","context":{"build":"4.13.1"}'
	at ago '40 minutes'
	cron fire
	deliver
	at ago '35 minutes'
	feedback '{"message":"زر «ادفع الآن» لا يعمل على هاتفي. جرّبته ثلاث مرات.","name":"ليلى","email":"leila@customer.example","context":{"page":"/checkout","browser":"Safari 17"}}'
	minute
	at ago '25 minutes'
	events empty 9 8 '{"title":"Basket is empty after login","app":"shop","context":{"build":"4.13.1"}'
	at ago '12 minutes'
	cron fire
	deliver
}

# ---- what others do to the program, which has no door for it ----

# The provider refuses the newest mail to somebody for good (dispatch_finish).
refuse_mail() { # WHO
	sql "UPDATE deliveries SET status = 'failed', attempts = 1, via = 'resend', address = '$1@example.com', error = '422 validation_error',
		first_try_at = clock_timestamp(), decided_at = clock_timestamp() WHERE channel = 'email' AND status = 'pending'
		AND user_id = (SELECT id FROM users WHERE email = '$1@example.com')"
}

# The newest mail to somebody comes back, and the provider says so (hook_report, hook_suppress).
bounce() { # WHO
	at later '40 seconds'
	sql "UPDATE deliveries SET reported = 'bounced', reported_at = clock_timestamp() WHERE id = (SELECT id FROM deliveries
		WHERE channel = 'email' AND status = 'sent' AND address = '$1@example.com' ORDER BY created_at DESC LIMIT 1);
	INSERT INTO suppressions (address, reason, detail, since) VALUES ('$1@example.com', 'bounced', 'Permanent: mailbox full', clock_timestamp())"
}

# Three workers died with the job, each a lease before the next; the fourth gives it up (job_claim).
lose_workers() {
	at later '4 minutes 31 seconds'
	sql "UPDATE jobs SET status = 'running', attempts = 3, run_token = gen_random_uuid(), lease_until = clock_timestamp() - interval '1 second',
		started_at = created_at + interval '1 second', step = 'issues', done = 12 WHERE status = 'pending'"
}

# A file says when it was made: as long ago as its job.
date_exports() {
	local file at
	at later '1 second'
	sql "SELECT file_name, moment_text(started_at) FROM jobs WHERE file_name IS NOT NULL"
	while IFS='|' read -r file at; do
		sed -i "1,3s/\"exported_at\":\"[^\"]*\"/\"exported_at\":\"$at\"/" "$VAR/exports/$file"
	done <<<"$ANSWER"
}
