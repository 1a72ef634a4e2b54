#!/usr/bin/env bash
# doctor_test - what carillon-doctor says of a healthy copy, and of each thing that can be wrong with one.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
: "${TEST_WORK:?a folder; make test gives one}" "${TEST_SOCKETS:?the sockets of a PostgreSQL}"
. scripts/lib/common.sh
. scripts/lib/cluster.sh
. tests/lib/check.sh
unset CARILLON_VAR
V=$TEST_WORK/var
ENV=$V/carillon.env
export CARILLON_CRON=off CARILLON_DEMO=off

url() { cluster_url "$TEST_SOCKETS" doctor "$1"; }
admin() { psql -qXAtv ON_ERROR_STOP=1 -d "$(cluster_url "$TEST_SOCKETS" "${2-doctor}" postgres)" -c "$1"; }
copy() { CARILLON_VAR=$V "$@"; }
doctor() { copy "$BUILD/carillon-doctor" "$@"; }
look() { REPORT=$(doctor --json 2>/dev/null); CODE=$?; }
row() { echo "${REPORT//\},\{/$'}\n{'}" | grep -F "\"check\":\"$1\","; } # CHECK
state_is() { row "$1" | grep -q "\"state\":\"$2\""; }
is() { look; check "$3" state_is "$1" "$2"; } # CHECK STATE WHAT
# What fails says what is to be done, and the exit code tells.
fails() { # CHECK WHAT
	is "$1" fail "$2"
	check "$2: its row says what to do" grep -q '"todo":"' <(row "$1")
	check "$2: the exit code is 1" test "$CODE" = 1
}
set_to() { sed -i "/^$1=/d" "$ENV" && echo "$1=$2" >>"$ENV"; }
trap 'copy scripts/run --stop >/dev/null' EXIT

admin 'CREATE DATABASE doctor TEMPLATE carillon OWNER carillon_migrator' postgres
PORT=$(free_port)
CARILLON_VAR=$V CARILLON_PORT=$PORT CARILLON_DATABASE_URL=$(url carillon_migrator) \
	CARILLON_WEB_DATABASE_URL=$(url carillon_web) CARILLON_WORKER_DATABASE_URL=$(url carillon_worker) \
	scripts/run --background >/dev/null || exit
cp "$ENV" "$TEST_WORK/good"

fails cron 'cron has never run'
check 'cron runs' copy "$BUILD/carillon-cron" all
check 'then nothing fails' doctor
look
for name in settings secrets 'database: web' 'database: worker' migrations clock cron sockets nginx address disk 'time zones' 'huge pages'; do
	check "$name is well" state_is "$name" ok
done
check 'mail into a folder is worth a word' state_is mail warn
check 'nobody reports on it' state_is 'mail reports' skipped
check 'people read the same' grep -q "^database: web     ok    PostgreSQL .* as carillon_web\$" <(doctor)
check 'no secret is said' refuse grep -q "$(sed -n 's/^CARILLON_JWT_SECRET=//p' "$ENV")" <(doctor; echo "$REPORT")
check 'its JSON is JSON' node -e 'const r = JSON.parse(require("fs").readFileSync(0)); if (r.length < 15 || !r.every((x) => x.check && x.detail && "todo" in x)) process.exit(1)' <<<"$REPORT"
check 'a wrong call' test "$(doctor --what 2>/dev/null; echo $?)" = 2

# settings
chmod 640 "$ENV"
fails settings 'settings that others can read'
chmod 600 "$ENV"
set_to CARILLON_JWT_SECRET short
fails settings 'a secret that is too short'
set_to CARILLON_JWT_SECRET 0000000000000000000000000000000000000000000000000000000000000001
fails secrets 'a secret that can be guessed'
cp "$TEST_WORK/good" "$ENV"
set_to CARILLON_JWT_SECRET_OLD 5a6f7e8d9c0b1a2f3e4d5c6b7a8f9e0d1c2b3a4f5e6d7c8b
is secrets warn 'an old secret that is still there'
cp "$TEST_WORK/good" "$ENV"

# mail
set_to CARILLON_MAIL_URL resend:
fails mail 'Resend without a key'
set_to RESEND_API_KEY re_123
is mail ok 'Resend with one'
is 'mail reports' warn 'Resend without its webhook'
admin "UPDATE mail_pace SET parked = 'the key is refused', parked_at = now(), parked_until = now() + interval '1 hour'"
fails mail 'a provider that refuses'
admin 'UPDATE mail_pace SET parked = NULL, parked_at = NULL, parked_until = NULL'
cp "$TEST_WORK/good" "$ENV"

# the database
set_to CARILLON_WEB_DATABASE_URL "$(url carillon_migrator)"
fails 'database: web' 'the owner of the schema serves'
cp "$TEST_WORK/good" "$ENV"
admin 'ALTER DATABASE doctor SET statement_timeout = 0; ALTER ROLE carillon_worker IN DATABASE doctor SET statement_timeout = 0'
fails 'database: worker' 'a role without its time-out'
admin 'ALTER DATABASE doctor RESET ALL; ALTER ROLE carillon_worker IN DATABASE doctor RESET ALL'
admin 'ALTER DATABASE doctor SET default_transaction_read_only = on'
fails 'database: web' 'a database that is read-only'
admin 'ALTER DATABASE doctor RESET ALL' postgres
admin "CREATE TABLE kept AS SELECT * FROM schema_migrations; DELETE FROM schema_migrations WHERE name > '0020'"
fails migrations 'migrations that are still to be applied'
admin "INSERT INTO schema_migrations SELECT * FROM kept WHERE name > '0020'; INSERT INTO schema_migrations (name, sha256) VALUES ('9999_later', '')"
fails migrations 'a database that is newer'
admin "DELETE FROM schema_migrations WHERE name = '9999_later'; UPDATE schema_migrations SET sha256 = 'other' WHERE name = '0001_people'"
is migrations warn 'a migration that was edited'
admin "UPDATE schema_migrations m SET sha256 = k.sha256 FROM kept k WHERE k.name = m.name"
admin "UPDATE heartbeats SET started_at = now() - interval '4 minutes', finished_at = now() - interval '4 minutes'"
fails cron 'cron that has stopped'
# faketime comes first in the list of libraries, which AddressSanitizer would not have
check 'a clock that is off' grep -q '"check":"clock","state":"fail"' \
	<(faketime -f +5m env ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" CARILLON_VAR="$V" "$BUILD/carillon-doctor" --json)
check 'cron runs again' copy "$BUILD/carillon-cron" all
check 'all of that is mended' doctor

# A large PostgreSQL, whose memory nobody touches.  The host may have huge pages for it.
BIG=$TEST_WORK/big
mkdir "$BIG"
cluster_init "$BIG/pg" "$BIG" --no-sync
cluster_command "$BIG/pg" "$BIG"
setsid setpriv --pdeathsig INT "${CLUSTER[@]}" -c shared_buffers=1GB >"$BIG/log" 2>&1 </dev/null &
wait_for 60 cluster_ready "$BIG/pg"
big() { psql -XqAt -d "$(cluster_url "$BIG" postgres postgres)" -c "$1"; }
state=warn
[ "$(awk '/^HugePages_Total/ { print $2 }' /proc/meminfo)" -lt "$(big 'SHOW shared_memory_size_in_huge_pages')" ] || state=ok
set_to CARILLON_WEB_DATABASE_URL "$(cluster_url "$BIG" postgres postgres)"
is 'huge pages' $state 'a gigabyte of buffers'
cp "$TEST_WORK/good" "$ENV"
cluster_stop "$BIG/pg"

# the host
fails_with() { # CHECK WHY VARIABLE
	check "$2" grep -q "\"check\":\"$1\",\"state\":\"fail\"" <(env "$3" CARILLON_VAR="$V" "$BUILD/carillon-doctor" --json 2>/dev/null)
}
fails_with 'time zones' 'a time zone database that is not there' TZDIR=/nowhere
fails_with address 'an address that nobody answers' CARILLON_BASE_URL=http://127.0.0.1:9
fails_with 'database: web' 'a PostgreSQL that is away' CARILLON_WEB_DATABASE_URL=host=/nowhere
cp "$V/nginx.conf" "$TEST_WORK/nginx.conf"
echo 'nonsense;' >>"$V/nginx.conf"
fails nginx 'a configuration that nginx does not take'
cp "$TEST_WORK/nginx.conf" "$V/nginx.conf"
check 'it stops' copy scripts/run --stop
fails sockets 'workers that do not run'
checks_end doctor
