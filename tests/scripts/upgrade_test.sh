#!/usr/bin/env bash
# upgrade_test - databases of earlier releases, with rows in every table (tests/upgrade/NNNN.dump is what
# pg_dump said of one whose last migration was NNNN), backed up, restored by this release and served.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
: "${TEST_WORK:?a folder; make test gives one}" "${TEST_SOCKETS:?the sockets of a PostgreSQL}"
. scripts/lib/common.sh
. scripts/lib/cluster.sh
. tests/lib/check.sh
unset CARILLON_VAR
export CARILLON_CRON=off CARILLON_DEMO=off

sql() { psql -qXAtv ON_ERROR_STOP=1 -d "$(cluster_url "$TEST_SOCKETS" "$1" carillon_migrator)" "${@:2}"; }
admin() { psql -qXv ON_ERROR_STOP=1 -d "$(cluster_url "$TEST_SOCKETS" postgres postgres)" -c "$1"; }
owner() { CARILLON_VAR=$TEST_WORK/none CARILLON_DATABASE_URL=$(cluster_url "$TEST_SOCKETS" "$1" carillon_migrator) "${@:2}"; }
schema() { pg_dump -s -d "$(cluster_url "$TEST_SOCKETS" "$1" carillon_migrator)" | grep -v '^[\]'; }

# A line for each table: its name, its rows, and a sum over the columns that COLUMNS names.
columns() {
	sql "$1" -c "SELECT table_name || '|' || string_agg(quote_ident(column_name), ',' ORDER BY ordinal_position)
	  FROM information_schema.columns WHERE table_schema = 'public'
	   AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public') GROUP BY table_name ORDER BY 1"
}
contents() { # DATABASE COLUMNS
	local table names
	while IFS='|' read -r table names; do
		echo "SELECT '$table', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM (SELECT $names FROM $table) t;"
	done <<<"$2" | sql "$1" -f -
}

# A release's database by our own backup and restore: the rows are what they were, the schema is ours.
restored() { # NNNN
	local old=old_$1 new=new_$1 names before toggles
	admin "CREATE DATABASE $old OWNER carillon_migrator"
	admin "CREATE DATABASE $new OWNER carillon_migrator"
	check "$1: its dump loads" sql "$old" -1f "tests/upgrade/$1.dump"
	names=$(columns "$old" | grep -v ^schema_migrations)
	before=$(contents "$old" "$names")
	check "$1: there are rows in every table" refuse grep -q '|0|' <<<"$before"
	check "$1: a backup" owner "$old" scripts/backup "$TEST_WORK/$1.backup"
	check "$1: restored and brought up to date" owner "$new" scripts/restore "$TEST_WORK/$1.backup"
	# the version of inboxes moves with a restore; what else differs was meant to
	names=$(sed '/^inbox|/s/,version//' <<<"$names")
	# a flag itself says where it is on (0034)
	if grep -q '^flag_environments|' <<<"$names"; then
		toggles=$(sql "$old" -c 'SELECT flag_id, environment_id FROM flag_environments WHERE enabled ORDER BY 1, 2')
		names=$(sed '/^flag_environments|/s/,enabled,version//' <<<"$names")
		check "$1: flags are on where they were" test "$toggles" = \
			"$(sql "$new" -c 'SELECT id, unnest(enabled_in) FROM flags ORDER BY 1, 2')"
		check "$1: some were" test -n "$toggles"
	fi
	diff <(contents "$old" "$names") <(contents "$new" "$names") >"$TEST_WORK/$1.diff"
	check "$1: every row is as it was" test ! -s "$TEST_WORK/$1.diff"
	cat "$TEST_WORK/$1.diff"
	check "$1: versions of inboxes that were seen do not come again" test \
		"$(sql "$new" -c 'SELECT min(version) > 1000000000 FROM inbox')" = t
	schema "$new" >"$TEST_WORK/$1.schema"
	check "$1: the schema is that of a new database" cmp "$TEST_WORK/fresh.schema" "$TEST_WORK/$1.schema"
	check "$1: every statement is understood" env TEST_DATABASE_URL="$(cluster_url "$TEST_SOCKETS" "$new" carillon_migrator)" \
		"$BUILD/tests/sql_test"
}

copy() { CARILLON_VAR=$TEST_WORK/var "$@"; }
ask() { curl -s -m 10 -b "token=$(copy scripts/token "$1")" "$URL$2"; }
count() { grep -o "\"$1\":[0-9]*" | head -n 1 | grep -o '[0-9]*$'; }

# What people see of it, and what was on its way goes out.
served() { # NNNN
	local db=new_$1 at email unread mails
	URL=http://127.0.0.1:$(free_port)
	rm -rf "${TEST_WORK:?}/var"
	check "$1: a copy starts on it" env CARILLON_VAR="$TEST_WORK/var" CARILLON_PORT="${URL##*:}" \
		CARILLON_DATABASE_URL="$(cluster_url "$TEST_SOCKETS" "$db" carillon_migrator)" \
		CARILLON_WEB_DATABASE_URL="$(cluster_url "$TEST_SOCKETS" "$db" carillon_web)" \
		CARILLON_WORKER_DATABASE_URL="$(cluster_url "$TEST_SOCKETS" "$db" carillon_worker)" scripts/run --background
	for email in owner@example.com viewer@example.com outsider@example.com; do
		unread=$(sql "$db" -c "SELECT unread FROM inbox i JOIN users u ON u.id = i.user_id WHERE email = '$email'")
		check "$1: $email has $unread unread" test "$(ask $email /v1/notifications/unread-count | count count)" = "$unread"
	done
	# what is known to lie at a provider in a batch is left to that provider
	mails=$(sql "$db" -c "SELECT count(*) FROM deliveries WHERE channel = 'email' AND status = 'pending' AND batch_id IS NULL")
	check "$1: mail waits" test "$mails" -ge 1
	# a minute after the dump was made, when the login code in it was still good
	at=$(sql "$db" -c "SELECT to_char(max(created_at) + interval '1 minute', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM login_codes")
	check "$1: cron is sound" copy "$BUILD/carillon-cron" all --at "$at"
	check "$1: mail that waited has gone out" test "$(find "$TEST_WORK/var/mail" -name '*.eml' | wc -l)" = "$mails"
	check "$1: the doctor finds nothing wrong" copy "$BUILD/carillon-doctor"
	check "$1: it stops" copy scripts/run --stop
}
trap 'copy scripts/run --stop >/dev/null' EXIT

admin 'CREATE DATABASE upgrade_fresh TEMPLATE carillon OWNER carillon_migrator'
schema upgrade_fresh >"$TEST_WORK/fresh.schema"

# what a database still needs
admin 'CREATE DATABASE upgrade_empty OWNER carillon_migrator'
check 'one that is up to date needs nothing' test -z "$(owner upgrade_fresh scripts/migrate --pending)"
check 'an empty one needs everything' test "$(owner upgrade_empty scripts/migrate --pending)" = \
	"$(cd sql/migrations && printf '%s\n' *.sql | sed 's/\.sql$//')"
check 'of one that is away that cannot be told' refuse owner upgrade_nowhere scripts/migrate --pending
check 'nor said' test -z "$(owner upgrade_nowhere scripts/migrate --pending 2>/dev/null)"

for dump in tests/upgrade/*.dump; do
	release=$(basename "$dump" .dump)
	restored "$release"
	served "$release"
done
check 'a database with rows is not written over' refuse owner "new_$release" scripts/restore "$TEST_WORK/$release.backup"
head -c 4000 "$TEST_WORK/$release.backup" >"$TEST_WORK/torn"
before=$(sql "new_$release" -c 'SELECT count(*) FROM notifications')
check 'a torn backup is refused' refuse owner "new_$release" scripts/restore --replace "$TEST_WORK/torn"
check 'and changes nothing' test "$(sql "new_$release" -c 'SELECT count(*) FROM notifications')" = "$before"
checks_end upgrade
