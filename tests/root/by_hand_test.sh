#!/usr/bin/env bash
# by_hand_test - jobs that root runs by hand for a copy that root has started, which serves as somebody
# else: what they leave must be the copy's.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. scripts/lib/common.sh
. tests/lib/check.sh
# not below the one that make test gives: only root gets through that
WORK=$(mktemp -d /tmp/carillon-by-hand.XXXXXX) && chmod a+rx "$WORK" || exit
CARILLON_PORT=$(free_port)
export CARILLON_VAR=$WORK/copy CARILLON_PORT CARILLON_CRON=off
TEAM=00000000-0000-4000-8000-000000000011
trap 'scripts/run --stop >/dev/null; rm -rf "$WORK"' EXIT

user() { curl -s -m 10 -b "token=$(scripts/token owner@example.com)" "$@"; }
status() { user -o /dev/null -w '%{http_code}' "http://127.0.0.1:$CARILLON_PORT$1"; }
ask() { user --json "$2" "http://127.0.0.1:$CARILLON_PORT$1"; }
made() { ask "$@" | grep -oE '"id":"[0-9a-f-]{36}"' | head -n 1 | cut -d '"' -f 4; } # its id
others() { find "$CARILLON_VAR" ! -user "$(stat -c %U "$CARILLON_VAR")"; }

check 'the copy starts' scripts/run --background
rm -rf "$CARILLON_VAR/exports" "$CARILLON_VAR"/mail*
project=$(made "/v1/teams/$TEAM/projects" '{"name":"By hand"}')
job=$(made "/v1/teams/$TEAM/jobs" "{\"type\":\"project_export\",\"project_id\":\"$project\"}")
check 'an export is run' "$BUILD/carillon-cron" jobs
check 'its file can be had' test "$(status "/v1/jobs/$job/file")" = 200
check 'a code is asked for' ask /v1/auth/send-code '{"email":"owner@example.com"}'
check 'its mail is sent' "$BUILD/carillon-cron" dispatch
check 'into a folder' test -n "$(find "$CARILLON_VAR" -path '*/mail*/*.eml')"
check 'all of it is the copy'\''s' test -z "$(others)"
check 'the copy stops' scripts/run --stop
checks_end by_hand
