#!/usr/bin/env bash
# package_test - the package in a machine of its own, with systemd: built, installed before and beside
# PostgreSQL and nginx, served, behind TLS, backed up and restored, upgraded, removed and purged.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
: "${TEST_WORK:?a folder; make test gives one}"
. scripts/lib/common.sh
. tests/lib/check.sh
. tests/lib/machine.sh
machine_alone "$0"
FOLDER=$TEST_WORK/machine
URL=http://127.0.0.1:8080
NAME=bell.example.test
TEAM=00000000-0000-4000-8000-000000000011
PROJECT=00000000-0000-4000-8000-000000000021

if grep -q __asan <(nm -D --undefined-only "$BUILD/carillon-cron"); then
	echo "skipped: a package of programs with sanitizers would be another one"
	exit 77
fi
mkdir -p "$FOLDER"
trap 'machine_down "$FOLDER"' EXIT
trap 'exit 130' INT TERM
machine_up "$FOLDER" || { echo "skipped: no machine of its own can be had: $MACHINE_WHY"; exit 77; }
ROOTFS=/proc/$MACHINE/root

status() { inside curl -s -o /dev/null -m 10 -w '%{http_code}' "$@"; }
answers() { [ "$(status "${@:2}")" = "$1" ]; }
doctor() { inside env SSL_CERT_FILE=/root/ca.pem carillon doctor; }
state_of() { inside carillon doctor --json | jq_state "$1"; }
jq_state() { sed 's/},{/}\n{/g' | sed -n "s/.*\"check\":\"$1\",\"state\":\"\([a-z]*\)\".*/\1/p"; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }
unit() { inside systemctl is-active "$1"; }
unit_is() { [ "$(unit "$2")" = "$1" ]; }
there() { inside test -e "$1"; }
modes() { inside stat -c '%a %U %n' /etc/carillon/{carillon.env,owner.env,owner.pgpass}; }
sums() { inside sh -c 'cat /etc/carillon/*.* /etc/nginx/sites-available/carillon | sha256sum'; }
as_web() { inside setpriv --reuid www-data --regid www-data --init-groups "$@"; }
families() { (cd "$BUILD/cgi" && printf '%s\n' *); }
user() { inside curl -s -m 10 --cacert /root/ca.pem -b "token=$(inside carillon token owner@example.com)" "$@"; }

# Requests one after the other, until none_refused asks what became of them.
ask_on() {
	inside rm -f /root/enough
	inside sh -c "while test ! -e /root/enough; do curl -s --cacert /root/ca.pem -o /dev/null -w '%{http_code}\n' $URL/v1/notifications; done" >"$TEST_WORK/codes" &
	ASKING=$!
	eventually test -s "$TEST_WORK/codes"
}
none_refused() { answers_were 401; }
answers_were() { # CODE...: in order
	inside touch /root/enough
	wait "$ASKING"
	sort "$TEST_WORK/codes" | uniq -c | tee -a "$TEST_WORK/counts"
	[ "$(sort -u "$TEST_WORK/codes")" = "$(printf '%s\n' "$@")" ] ||
		{ tail -n 5 "$ROOTFS"/var/log/carillon/requests.log "$ROOTFS"/var/log/nginx/error.log "$FOLDER.log"; false; }
}

# ---- before there is a PostgreSQL or nginx ----
check 'the package is built' scripts/package/deb "$TEST_WORK"
deb=$(echo "$TEST_WORK"/carillon_*.deb)
version=$(dpkg-deb -f "$deb" Version)
check 'with the version of the API' grep -q "^  version: $version\$" nginx/www/openapi.yaml
check 'it depends on what its programs are linked with' \
	test "$(dpkg-deb -f "$deb" Depends | grep -oE '(libc6|libcurl4|libfcgi0ldbl|libjson-c5|libpq5|libsodium23) ' | wc -l)" = 6
cp "$deb" "$ROOTFS/root/carillon.deb"
rm -f "$ROOTFS/var/lib/man-db/auto-update"
inside mv /etc/nginx/sites-available /etc/nginx/sites-away
check 'it is installed where nothing runs yet' inside dpkg -i /root/carillon.deb
check 'it says what to do' grep -q 'CREATE ROLE carillon_migrator' <(inside carillon setup)
check 'and starts nothing' unit_is inactive carillon.target
check 'the doctor says what is missing' state_is settings fail
inside mv /etc/nginx/sites-away /etc/nginx/sites-available

# ---- they come ----
pg=$(basename "${PGBIN%/bin}")
# a cluster of the host may be in use there
inside sh -c 'rm -rf /etc/postgresql/* /var/lib/postgresql/*'
check 'PostgreSQL has a cluster' inside pg_createcluster "$pg" main
check 'PostgreSQL starts' inside systemctl start "postgresql@$pg-main"
check 'nginx starts' inside systemctl start nginx
check 'their packages trigger the rest' inside sh -c \
	"dpkg-trigger --by-package=postgresql-$pg /usr/lib/postgresql && dpkg --triggers-only carillon"
check 'all of it starts' unit_is active carillon.target
check 'it serves' eventually answers 200 $URL/livez
check 'cron runs' eventually answers 200 $URL/readyz
check 'the doctor finds nothing wrong' eventually doctor
check 'secrets are private, and each has its owner' test "$(modes)" = "600 carillon /etc/carillon/carillon.env
600 root /etc/carillon/owner.env
600 root /etc/carillon/owner.pgpass"
check 'the programs cannot read the owner of the schema' refuse inside setpriv --reuid carillon --regid carillon \
	--clear-groups cat /etc/carillon/owner.pgpass
check 'nor does anybody in the host read a password in the list of processes' refuse inside sh -c \
	'tr "\0" " " </proc/*/cmdline | grep -q password='
before=$(sums)
check 'set up once more' inside carillon setup
check 'nothing is made twice' test "$(sums)" = "$before"

sed -i '/DATABASE_URL/d' "$ROOTFS/etc/carillon/carillon.env"
sed -i 1d "$ROOTFS/etc/carillon/owner.env"
check 'an owner that somebody else has named' grep -q 'CREATE ROLE carillon_migrator' <(inside carillon setup)
check 'is not replaced' refuse grep -q DATABASE_URL "$ROOTFS/etc/carillon/carillon.env"
inside rm /etc/carillon/owner.env
check 'what was cut short is made whole' inside carillon setup
check 'and works' eventually doctor

# ---- the units ----
# shellcheck disable=SC2016 # that shell expands it
check 'the units are sound' test -z "$(inside sh -c 'systemd-analyze verify $(find /usr/lib/systemd/system -name "carillon*" -type f)' 2>&1 | tee "$TEST_WORK/verify")"
for service in carillon-web@auth carillon-cron carillon-jobs; do
	check "$service is fenced in" inside systemd-analyze security --no-pager --threshold=15 $service.service
done
for family in $(families); do
	check "$family has its workers" unit_is active "carillon-web@$family.service"
done
check 'only carillon runs them' test -z "$(inside ps -eo user:20,args | grep /usr/lib/carillon | grep -vE '^carillon |grep')"
check 'nobody but nginx reaches a socket' refuse inside setpriv --reuid nobody --regid nogroup --clear-groups ls /run/carillon
check 'nginx does' as_web test -S /run/carillon/auth.sock
pid=$(inside systemctl show -p MainPID --value carillon-web@auth.service)
check 'a pool is killed' inside kill -9 "$pid"
check 'another one takes over its socket' eventually answers 401 $URL/v1/auth/me
socket() { inside stat -c %i /run/carillon/notifications.sock; }
before=$(socket)
ask_on
check 'workers are replaced under requests, as README has it' inside sh -c \
	"$(grep -o "systemctl restart 'carillon-web@[^']*'" README.md)"
check 'no request is refused' none_refused
check 'for the sockets stay' test "$(socket)" = "$before"

# ---- what it is for ----
as_postgres() { inside setpriv --reuid postgres --regid postgres --init-groups "$@"; }
as_postgres createdb old
as_postgres psql -qX1 -v ON_ERROR_STOP=1 -o /dev/null -f - old <tests/upgrade/0015.dump
as_postgres pg_dump -Fc old >"$ROOTFS/root/old"
inside systemctl stop carillon.target
check 'people come, with the backup of an earlier release' inside carillon restore --replace /root/old
check 'what stood still does not start by that' unit_is inactive carillon.target
inside systemctl start carillon.target
check 'the inbox answers' grep -q '"unread_count"\|"notifications"' <(user $URL/v1/notifications)
check 'a code is asked for' answers 200 -H 'Content-Type: application/json' -d '{"email":"owner@example.com"}' $URL/v1/auth/send-code
check 'cron run by hand sends it' inside carillon cron dispatch
check 'as carillon' test "$(inside sh -c 'stat -c %U /var/lib/carillon/mail/* | sort -u')" = carillon
started=$(user -H 'Content-Type: application/json' -d "{\"type\":\"project_export\",\"project_id\":\"$PROJECT\"}" $URL/v1/teams/$TEAM/jobs)
JOB=$(grep -oE '"id":"[^"]+' <<<"$started" | head -n 1 | cut -d'"' -f4)
exported() { [ "$(user -o /root/export.json -w '%{http_code}' "$URL/v1/jobs/$JOB/file")" = 200 ]; }
check 'a job that was started makes its file, and nginx sends it' eventually exported
check 'which is an export' inside grep -q 'Demo Project' /root/export.json
check 'logs are turned over' inside logrotate -f /etc/logrotate.d/carillon
check 'and go on' eventually inside test -s /var/log/carillon/cron.log.1.gz

# As cron would: a line after the other that is no comment, with the names that are set above them.
crontab_runs() { # FILE
	local line names=()
	while read -r line; do
		case $line in
		'#'*) ;;
		[A-Z]*=*) names+=("$line") ;;
		*) inside setpriv --reuid carillon --regid carillon --clear-groups env -i PATH=/usr/bin:/bin "${names[@]}" \
			sh -c "${line#'* * * * * '}" || return ;;
		esac
	done <"$1"
}
ran() { inside journalctl --sync && inside journalctl -qt carillon-cron | grep -q "\"job\":\"$1\""; } # JOB
inside systemctl start systemd-journald-dev-log.socket
sed 's|/usr/local/|/usr/|' scripts/crontab.example >"$TEST_WORK/crontab"
check 'the example of a crontab runs as carillon' crontab_runs "$TEST_WORK/crontab"
check 'and does everything' ran all
check 'jobs too' ran jobs

# ---- backup, something that must not last, restore ----
answer() { user "$URL/v1/notifications?limit=50" "$URL/v1/experiments?project_id=$PROJECT"; }
# the rows come from long ago, and the first minute of cron may not be over
check 'what is due is done' inside systemctl start carillon-cron.service
was=$(answer)
check 'a backup' inside carillon backup /root/backup
check 'is private' test "$(inside stat -c %a /root/backup)" = 600
check 'something is lost' user -X POST $URL/v1/notifications/mark-all-read
check 'that shows' refuse test "$(answer)" = "$was"
check 'a database with rows is not written over' refuse inside carillon restore /root/backup
check 'restored' inside carillon restore --replace /root/backup
check 'it runs again' eventually answers 200 $URL/livez
check 'all answers are those of then' test "$(answer)" = "$was"
head -c 3000 "$ROOTFS/root/backup" >"$ROOTFS/root/torn"
check 'a torn backup is refused' refuse inside carillon restore --replace /root/torn
check 'and changes nothing' test "$(answer)" = "$was"
check 'it runs all the same' unit_is active carillon.target
as_postgres createdb -O carillon_migrator drill
began() { inside systemctl show -p ActiveEnterTimestampMonotonic --value carillon.target; }
before=$(began)
check 'a backup is tried in a database apart' inside env \
	CARILLON_DATABASE_URL='host=127.0.0.1 dbname=drill user=carillon_migrator passfile=/etc/carillon/owner.pgpass' \
	carillon restore --replace /root/backup
check 'for which nothing stops' test "$(began)" = "$before"

# ---- TLS, as README has it ----
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=Ours \
	-keyout "$TEST_WORK/ca.key" -out "$ROOTFS/root/ca.pem" 2>/dev/null
mkdir "$ROOTFS/etc/carillon/tls"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=$NAME \
	-keyout "$ROOTFS/etc/carillon/tls/key.pem" -out "$TEST_WORK/csr" 2>/dev/null
openssl x509 -req -in "$TEST_WORK/csr" -CA "$ROOTFS/root/ca.pem" -CAkey "$TEST_WORK/ca.key" -CAcreateserial -days 2 \
	-extfile <(echo "subjectAltName=DNS:$NAME") -out "$ROOTFS/etc/carillon/tls/cert.pem" 2>/dev/null
chmod 600 "$ROOTFS/etc/carillon/tls/key.pem"
echo "127.0.0.1 $NAME" >>"$ROOTFS/etc/hosts"
sed -i -e 's/^CARILLON_PORT=.*/CARILLON_PORT=443/' -e "s|^CARILLON_BASE_URL=.*|CARILLON_BASE_URL=https://$NAME|" "$ROOTFS/etc/carillon/carillon.env"
cat >>"$ROOTFS/etc/carillon/carillon.env" <<-CONF
	CARILLON_LISTEN=0.0.0.0 [::]
	CARILLON_TLS_CERT=/etc/carillon/tls/cert.pem
	CARILLON_TLS_KEY=/etc/carillon/tls/key.pem
CONF
check 'the site listens with TLS' inside carillon site
inside systemctl restart carillon.target
URL=https://$NAME
tls() { status --cacert /root/ca.pem "$@"; }
check 'it is believed by its name' eventually answers 200 --cacert /root/ca.pem $URL/livez
check 'nobody else is' refuse tls https://localhost/livez
check 'HTTP/2, and a cookie for this host alone' test "$(inside sh -c "curl -s --cacert /root/ca.pem -o /dev/null -w '%{http_version} %{http_code}' \
	-b __Host-token=\$(carillon token owner@example.com) $URL/v1/notifications")" = '2 200'
check 'HSTS' grep -qi '^strict-transport-security: max-age=31536000' <(inside curl -sI --cacert /root/ca.pem $URL/livez)
check 'the doctor reaches it by name' eventually doctor

# ---- sites and settings of others ----
before=$(sums)
sed -i 's/^CARILLON_LISTEN=.*/CARILLON_LISTEN=203.0.113.x/' "$ROOTFS/etc/carillon/carillon.env"
check 'an address that is none is refused' refuse inside carillon site
sed -i 's/^CARILLON_LISTEN=.*/CARILLON_LISTEN=0.0.0.0 [::]/' "$ROOTFS/etc/carillon/carillon.env"
mv "$ROOTFS/etc/carillon/tls/cert.pem" "$ROOTFS/etc/carillon/tls/cert.away"
check 'nginx does not take a site without its certificate' refuse inside carillon site
mv "$ROOTFS/etc/carillon/tls/cert.away" "$ROOTFS/etc/carillon/tls/cert.pem"
check 'the site stays what it was' test "$(sums)" = "$before"
inside sed -i '1d' /etc/nginx/sites-available/carillon
before=$(sums)
check 'a site of somebody else' inside carillon site
check 'is left alone' test "$(sums)" = "$before"
inside rm /etc/nginx/sites-available/carillon /etc/nginx/sites-enabled/carillon
echo '# somebody made this' >"$ROOTFS/etc/nginx/sites-enabled/carillon"
echo 'nonsense;' >"$ROOTFS/etc/nginx/sites-enabled/broken"
check 'one that is enabled under our name, where nginx takes no site' refuse inside carillon site
check 'stays' inside grep -q 'somebody made this' /etc/nginx/sites-enabled/carillon
check 'and ours is not left behind' refuse there /etc/nginx/sites-available/carillon
inside rm /etc/nginx/sites-enabled/carillon /etc/nginx/sites-enabled/broken
check 'ours comes back' inside carillon site

# ---- an upgrade ----
settings=$(inside sha256sum /etc/carillon/carillon.env)
dpkg-deb -R "$deb" "$TEST_WORK/next"
sed -i 's/^Version: .*/Version: 9.9/' "$TEST_WORK/next/DEBIAN/control"
echo 9.9 >"$TEST_WORK/next/usr/lib/carillon/VERSION"
dpkg-deb --root-owner-group -Znone --build "$TEST_WORK/next" "$ROOTFS/root/next.deb" >/dev/null
ask_on
check 'and installed' inside dpkg -i /root/next.deb
check 'it is the next one' test "$(inside carillon version)" = 9.9
check 'it runs' eventually doctor
check 'no request was refused' none_refused
# A migration that also says what ran beside it; jobs take their time to end.
schema_comes() { # SQL
	echo "$1" >"$TEST_WORK/next/usr/lib/carillon/sql/migrations/9999_later.sql"
	dpkg-deb --root-owner-group -Znone --build "$TEST_WORK/next" "$ROOTFS/root/next.deb" >/dev/null
}
stood_still() { there /root/beside && ! inside test -s /root/beside; }
inside mkdir /etc/systemd/system/carillon-jobs.service.d
printf '[Service]\nExecStopPost=/bin/sleep 2\n' >"$ROOTFS/etc/systemd/system/carillon-jobs.service.d/slow.conf"
inside systemctl daemon-reload
schema_comes 'ALTER TABLE nowhere ADD later text;'
inside systemctl stop "postgresql@$pg-main"
before=$(began)
check 'one that changes the schema, with the database away' refuse inside dpkg -i /root/next.deb
check 'stops nothing' test "$(began)" = "$before"
inside systemctl start "postgresql@$pg-main"
check 'one whose change fails' refuse inside dpkg -i /root/next.deb
check 'leaves it running' unit_is active carillon.target
check 'and serving' eventually answers 401 --cacert /root/ca.pem $URL/v1/notifications
schema_comes "\\! systemctl list-units --plain --no-legend --state=active,activating,deactivating 'carillon*' >/root/beside
ALTER TABLE teams ADD later text; SELECT pg_sleep(1);"
ask_on
check 'one that changes the schema' inside dpkg -i /root/next.deb
check 'it is changed' eventually doctor
check 'and whoever came meanwhile was told to come again' answers_were 401 503
check 'with nothing beside the change' stood_still
inside rm -f /root/beside
check 'a backup of before is restored' inside carillon restore --replace /root/backup
check 'with nothing beside that' stood_still
check 'it runs' eventually doctor
inside rm -r /etc/systemd/system/carillon-jobs.service.d
check 'the settings are as they were' test "$(inside sha256sum /etc/carillon/carillon.env)" = "$settings"

# ---- the end ----
check 'it is removed' inside dpkg -r carillon
check 'nothing of it runs' refuse inside pgrep -u carillon
check 'its site is gone' refuse there /etc/nginx/sites-enabled/carillon
check 'its settings are not' there /etc/carillon/carillon.env
check 'installed again it is what it was' inside dpkg -i /root/next.deb
check 'and serves' eventually answers 200 --cacert /root/ca.pem $URL/livez
check 'it is purged' inside dpkg -P carillon
left() {
	find "$FOLDER/up" \( -path '*/var/cache' -o -path '*/root' \) -prune -o ! -type c -iname '*carillon*' -print
	there /run/carillon && echo /run/carillon
	inside getent passwd carillon
}
check 'nothing is left' test -z "$(left)"
check 'nginx does not mind' inside systemctl reload nginx
check 'the data is still there' test "$(as_postgres psql -Atc 'SELECT count(*) > 5 FROM users' carillon)" = t
check 'installed anew it finds them' inside dpkg -i /root/next.deb
check 'with new secrets' refuse test "$(inside sha256sum /etc/carillon/carillon.env)" = "$settings"
URL=http://127.0.0.1:8080
check 'all is well' eventually doctor
check 'the inbox answers again' test "$(user -o /dev/null -w '%{http_code}' $URL/v1/notifications)" = 200
[ "$bad" = 0 ] || { doctor; cat "$TEST_WORK/counts"; tail -n 40 "$FOLDER.log" "$ROOTFS"/var/log/carillon/*.log; }
checks_end package
