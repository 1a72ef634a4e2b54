#!/usr/bin/env bash
# run_test - scripts/run over a whole life: a private cluster, two copies side by side, a second
# start, what children that die and a supervisor that is killed leave, and the end.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
: "${TEST_WORK:?a folder for the copies; make test gives one}"
export CARILLON_CRON=off
export -n CARILLON_VAR
. tests/lib/check.sh
A=$TEST_WORK/a B=$TEST_WORK/b C=$TEST_WORK/c
run() { CARILLON_VAR=$1 scripts/run "${@:2}"; }
pid_of() { cat "$1/run/supervisor.pid"; }
status() { curl -s -o /dev/null -m 10 -w '%{http_code}' "$1$2"; }
answers() { [ "$(status "$1" "$2")" = "$3" ]; }
json() { [[ $(curl -s -m 10 "$1$2") == '{"error":"'*'"}' ]]; }
child_of() { pgrep -P "$(pid_of "$1")" -f "$2" | head -n 1; }
nothing_left() { ! pgrep -f "$1" >/dev/null; }
said() { grep -q "$2" "$1/log/run.log"; }
trap 'run "$C" --stop >/dev/null; run "$A" --stop >/dev/null; run "$B" --stop >/dev/null' EXIT

# a first start makes everything
PORT_A=$((20000 + RANDOM % 6000)) PORT_B=$((26000 + RANDOM % 6000))
URL=http://127.0.0.1:$PORT_A
check 'the first copy starts' env CARILLON_PORT=$PORT_A RESEND_API_KEY=re_kept CARILLON_VAR="$A" scripts/run --background
check 'it serves' answers "$URL" /livez 200
check 'the settings are private' test "$(stat -c %a "$A/carillon.env")" = 600
check 'the secret is long enough' grep -qE '^CARILLON_JWT_SECRET=[0-9a-f]{64}$' "$A/carillon.env"
check 'the inbox asks who is there' answers "$URL" /v1/notifications 401
check 'psql finds it' env CARILLON_VAR="$A" scripts/psql -Atc 'SELECT FROM schema_migrations'
check 'a second migrate changes nothing' env CARILLON_VAR="$A" scripts/migrate
check 'there is demo data' test "$(CARILLON_VAR=$A scripts/psql -Atc 'SELECT count(*) > 5 FROM users')" = t
check 'a token opens the inbox' test "$(curl -s -o /dev/null -w '%{http_code}' \
	-b "token=$(CARILLON_VAR=$A scripts/token owner@example.com)" "$URL/v1/notifications")" = 200

# side by side, and twice
unfit() { # NAME VALUE WHY: the start is refused with that reason, which says the name and not the value
	local said
	said=$(env CARILLON_DEMO=off CARILLON_PORT="$PORT_B" CARILLON_VAR="$B" "$1=$2" scripts/run 2>&1) && return 1
	[[ $said == *"$1 $3"* && $said != *"$2"* ]]
}
check 'a secret that is too short is refused' unfit CARILLON_JWT_SECRET "$(printf %031d 7)" 'must have at least 32 bytes'
check 'and so is a port that is none' unfit CARILLON_PORT 65536 'must be a number'
check 'and an address for mail that is none' unfit CARILLON_MAIL_URL ftp:nowhere 'must be resend:'
check 'and they are kept nowhere' test ! -e "$B/carillon.env"
check 'the same port is refused' refuse env CARILLON_PORT=$PORT_A CARILLON_VAR="$B" scripts/run
check 'a second copy starts, with cron' env CARILLON_CRON=on CARILLON_PORT=$PORT_B CARILLON_VAR="$B" scripts/run --background
check 'ready is when cron has run' answers "http://127.0.0.1:$PORT_B" /readyz 200
check 'starting again says so' grep -q 'already running' <(run "$A")
check 'so does the background' grep -q 'already running' <(run "$A" --background)
check 'the second copy stops' run "$B" --stop
check 'nothing of it is left' eventually nothing_left "$B/"

# over TLS, where HTTP/2 has ways of its own
secure() { curl -sk -m 10 "$@"; }
in_json() { [[ $(secure "${@:2}") == '{"error":"'$1'"}' ]]; }
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
	-keyout "$TEST_WORK/key.pem" -out "$TEST_WORK/cert.pem" 2>/dev/null
head -c 70000 /dev/zero >"$TEST_WORK/zeros"
SECURE=https://127.0.0.1:$PORT_B/v1/notifications
check 'a copy with TLS starts' env CARILLON_PORT=$PORT_B CARILLON_VAR="$B" CARILLON_TLS_CERT="$TEST_WORK/cert.pem" \
	CARILLON_TLS_KEY="$TEST_WORK/key.pem" scripts/run --background
jwt=$(CARILLON_VAR=$B scripts/token owner@example.com)
for version in 1.1 2; do
	check "HTTP/$version: the cookie is __Host-token" test "$(secure --http$version -o /dev/null -w '%{http_version} %{http_code}' \
		-b "__Host-token=$jwt" "$SECURE")" = "$version 200"
	check "HTTP/$version: no other" in_json 'Missing authorization' --http$version -b "token=$jwt" "$SECURE"
	check "HTTP/$version: its own origin may write" test "$(secure --http$version -o /dev/null -w '%{http_code}' \
		-b "__Host-token=$jwt" -H "Origin: https://127.0.0.1:$PORT_B" -X POST "$SECURE/mark-all-read")" = 200
	check "HTTP/$version: a body too large is refused in JSON" in_json 'Request body too large' --http$version \
		-b "__Host-token=$jwt" --data-binary "@$TEST_WORK/zeros" "$SECURE/mark-all-read"
done
check 'plain HTTP is refused in JSON' in_json 'Bad request' "http://127.0.0.1:$PORT_B/"
check 'the copy with TLS stops' run "$B" --stop
check 'nothing of that is left' eventually nothing_left "$B/"
check 'the first does not mind' answers "$URL" /livez 200

# what dies comes back
secret=$(grep JWT_SECRET "$A/carillon.env")
worker=$(pgrep -P "$(child_of "$A" cgi/auth)" | head -n 1)
check 'a worker is killed' kill -9 "$worker"
check 'its pool goes on' eventually answers "$URL" /v1/auth/me 401
check 'nginx is killed' kill -9 "$(child_of "$A" 'nginx: master')"
check 'nginx comes back' eventually answers "$URL" /livez 200
check 'and the log says so' said "$A" 'nginx ended with code'
check 'PostgreSQL is killed' kill -9 "$(head -n 1 "$A/pg/postmaster.pid")"
check 'PostgreSQL comes back' eventually env CARILLON_VAR="$A" scripts/psql -c ''
check 'and the inbox with it' eventually answers "$URL" /v1/notifications 401
check 'PostgreSQL is shut down' kill -INT "$(head -n 1 "$A/pg/postmaster.pid")"
check 'that is an answer with 503' eventually answers "$URL" /readyz 503
check 'in JSON' json "$URL" /nowhere
check 'a supervisor is killed' kill -9 "$(pid_of "$A")"
check 'its children go with it' eventually nothing_left "$A/"
check 'it starts again' run "$A" --background
check 'with the same settings' answers "$URL" /livez 200
check 'also those that only programs read' grep -qx RESEND_API_KEY=re_kept "$A/carillon.env"
check 'and the same secret' test "$(grep JWT_SECRET "$A/carillon.env")" = "$secret"

# what it cannot say does not end it
CARILLON_PORT=$PORT_B CARILLON_VAR=$B CARILLON_TLS_CERT='' CARILLON_TLS_KEY='' scripts/run >/dev/null 2>/dev/full &
check 'a copy without room for its log starts' eventually answers "http://127.0.0.1:$PORT_B" /livez 200
check 'what the environment has empty is forgotten' refuse grep -q TLS "$B/carillon.env"
check 'its nginx is killed' kill -9 "$(child_of "$B" 'nginx: master')"
check 'and comes back' eventually answers "http://127.0.0.1:$PORT_B" /livez 200
check 'it stops, too' run "$B" --stop

# the end
check 'it stops' run "$A" --stop
check 'nothing is left' eventually nothing_left "$A/"
check 'no socket either' test -z "$(find "$A/run" -type s)"
check 'stopping twice is no error' run "$A" --stop

# somewhere else
mail_to() { # VAR URL: as a release that wrote it down left it
	sed -i '/^CARILLON_MAIL_URL=/d' "$1/carillon.env" && echo "CARILLON_MAIL_URL=$2" >>"$1/carillon.env"
}
login_mail() { # FOLDER: a login code goes there
	curl -s -m 10 --json '{"email":"owner@example.com"}' "$URL/v1/auth/send-code" | grep -q sent &&
		CARILLON_VAR=$C "${CARILLON_BUILD:-build}/carillon-cron" dispatch && [ -n "$(find "$1" -name '*.eml')" ]
}
check 'where mail goes by itself is written nowhere' refuse grep -q MAIL_URL "$A/carillon.env"
mail_to "$A" "file:$A/mail"
mv "$A" "$C"
check 'a copy that was moved starts' run "$C" --background
check 'its mail goes where it is now' login_mail "$C/mail"
check 'and not where it was' test ! -e "$A"
check 'it stops there' run "$C" --stop
mail_to "$C" "file:$TEST_WORK/chosen/mail"
check 'with a folder that somebody chose' run "$C" --background
check 'that has the mail' login_mail "$TEST_WORK/chosen/mail"
check 'then it ends' run "$C" --stop
[ "$bad" = 0 ] || cat "$TEST_WORK"/[ac]/log/run.log
checks_end run
