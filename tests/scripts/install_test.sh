#!/usr/bin/env bash
# install_test - what make install puts where: a whole copy under DESTDIR, with all its places filled in,
# nothing of the checkout in it, and manuals that say what the programs say.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
: "${TEST_WORK:?a folder; make test gives one}"
. scripts/lib/common.sh
. tests/lib/check.sh
unset CARILLON_VAR
TREE=$TEST_WORK/tree
LIB=$TREE/opt/carillon/lib/carillon
UNITS=$TREE/opt/carillon/lib/systemd/system

check 'it installs' env DESTDIR="$TREE" PREFIX=/opt/carillon scripts/package/install
check 'and once more over itself' env DESTDIR="$TREE" PREFIX=/opt/carillon scripts/package/install

# what is there
for family in $(cd "$BUILD/cgi" && printf '%s\n' *); do
	check "the program of $family" test -x "$LIB/build/cgi/$family"
	check "$family has its socket and its service" grep -q "carillon-web@$family.socket .*\|carillon-web@$family.socket\$" "$UNITS/carillon.target"
	check "$family is served" grep -q "carillon-web@$family.service" "$UNITS/carillon.target"
done
for file in sbin/carillon sbin/carillon-cron sbin/carillon-doctor; do
	check "$file leads to a program" test -x "$TREE/opt/carillon/$file"
done
for file in backup migrate psql restore setup site token; do
	check "carillon $file" test -x "$LIB/scripts/$file"
done
check 'every migration' test "$(cd "$LIB/sql/migrations" && ls)" = "$(cd sql/migrations && ls)"
check 'every page' diff -r nginx/www "$LIB/nginx/www"
check 'a dashboard and alert rules' test -s "$TREE/opt/carillon/share/carillon/monitoring/carillon.json" -a \
	-s "$TREE/opt/carillon/share/carillon/monitoring/alerts.yml"
check 'state is not in it, but a link to its place' test "$(readlink "$LIB/var")" = /var/lib/carillon
check 'logrotate is told' test -s "$TREE/etc/logrotate.d/carillon"
check 'nobody else may write' test -z "$(find "$TREE" ! -type l -perm /022)"

# what is not
check 'no word is left to be filled in' refuse grep -rqE '@[A-Z]+@' "$TREE/etc" "$UNITS" "$TREE/opt/carillon/share"
check 'no place of the checkout' refuse grep -rqF "$ROOT" "$TREE/etc" "$UNITS" "$LIB/scripts" "$TREE/opt/carillon/share"
check 'no source, test or tool of a checkout' test -z "$(find "$TREE" -name '*.c' -o -name '*.awk' -o -name 'check-*' \
	-o -name run -o -name test -o -name bench -o -name demo.sql)"
while read -r word; do
	check "$word of a unit is there" test -e "$TREE$word"
done < <(grep -rhoE '/opt/carillon/[^ ]+' "$UNITS" | sort -u)

# it is whole: it works without the checkout
moved=$TEST_WORK/moved
mv "$TREE/opt/carillon" "$moved"
inside() { (cd / && env -i PATH="$PATH" "$@"); }
check 'its version is the API'"'"'s' grep -q "^  version: $(inside "$moved/sbin/carillon" version)\$" nginx/www/openapi.yaml
check 'its site is one that nginx takes' grep -q "root \"$moved/lib/carillon/nginx/www\";" \
	<(inside CARILLON_BASE_URL=https://bell.example.org "$moved/sbin/carillon" site --print)
check 'for its name alone' grep -q 'server_name bell.example.org;' \
	<(inside CARILLON_BASE_URL=https://bell.example.org "$moved/sbin/carillon" site --print)
check 'an unknown command is refused' test "$(inside "$moved/sbin/carillon" unknown 2>/dev/null; echo $?)" = 2
[ "$(id -u)" = 0 ] || check 'only root sets up' refuse inside "$moved/sbin/carillon" setup

# manuals
page() { mandoc -T utf8 -O width=200 "$moved/share/man/man8/$1.8" | sed 's/.\x08//g'; }
for name in carillon carillon-cron carillon-doctor; do
	check "$name.8 has no warning" mandoc -T lint -W warning "$moved/share/man/man8/$name.8"
done
page carillon-cron >"$TEST_WORK/cron.txt"
for word in $("$BUILD/carillon-cron" --help | sed '/^Settings/,$d' | grep -oE -e '--[a-z-]+' | sort -u) \
	$("$BUILD/carillon-cron" --help | sed -n '/^JOB/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	check "carillon-cron.8 tells of $word" grep -qE -e "(^|[^a-z-])$word([^a-z-]|\$)" "$TEST_WORK/cron.txt"
done
page carillon-doctor >"$TEST_WORK/doctor.txt"
while read -r word; do
	check "carillon-doctor.8 tells of $word" grep -qF "$word" "$TEST_WORK/doctor.txt"
done < <(inside "$moved/sbin/carillon-doctor" --json 2>/dev/null | grep -oE '"check":"[^"]*"' | cut -d'"' -f4)
page carillon >"$TEST_WORK/carillon.txt"
for word in $(inside "$moved/sbin/carillon" 2>&1 | sed 's/.*carillon //; s/ *|//g') $(cd "$BUILD/cgi" && printf '%s\n' *); do
	check "carillon.8 tells of $word" grep -qE "(^|[^a-z])$word([^a-z]|\$)" "$TEST_WORK/carillon.txt"
done
checks_end install
