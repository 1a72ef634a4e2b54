# shellcheck shell=bash disable=SC2034 # some names are for whoever sources this
# common.sh - sourced by the scripts: where things are, the settings, who runs them.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# in an installed copy var is a link
VAR=$(realpath -ms "${CARILLON_VAR:-$(readlink "$ROOT/var" || echo "$ROOT/var")}")
BUILD=$(realpath -ms "${CARILLON_BUILD:-$ROOT/build}")
RUN=$VAR/run
LOG=$VAR/log
ENV_FILE=$VAR/carillon.env
OWNER_FILE=$VAR/owner.env
export CARILLON_VAR=$VAR CARILLON_BUILD=$BUILD
# relative to where the caller stands, which is not where everything will run
for name in CARILLON_TLS_CERT CARILLON_TLS_KEY; do
	[ -z "${!name-}" ] || export "$name=$(realpath -ms "${!name}")"
done
# Debian keeps the PostgreSQL server's programs, and an ordinary user's nginx, out of the PATH.
PGBIN=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
PATH=$PGBIN:$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*"; }
# where there is no room for it, whoever says it must go on
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2 || true; }
die() { warn "$*"; exit 1; }
random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# The environment beats the file: a line NAME=value sets only what is not set yet.  The owner of an
# installed copy's schema has a file of its own, which only root can read.
load_settings() {
	local file line name
	for file in "$ENV_FILE" "$OWNER_FILE"; do
		[ -r "$file" ] || continue
		while IFS= read -r line; do
			[[ $line =~ ^(CARILLON_[A-Z_]+|RESEND_[A-Z_]+)= ]] || continue
			name=${BASH_REMATCH[1]}
			[[ -v $name ]] || printf -v "$name" %s "${line#*=}"
		done <"$file"
	done
}

# The database as its owner: for scripts that people run.
owner_url() {
	load_settings
	[ -n "${CARILLON_DATABASE_URL-}" ] ||
		die "no database is named in $ENV_FILE, nor in $OWNER_FILE, which only root may read"
}

# wait_for SECONDS COMMAND...: true as soon as the command is, false when the time is up
wait_for() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000)) looked=0
	shift
	until "$@"; do
		((${EPOCHREALTIME/./} < end)) || return 1
		sleep $((++looked > 20 ? 5 : 1))e-2 # each is a process
	done
}

# a process that has ended but was not waited for yet is not alive
alive() {
	local stat
	[ -n "$1" ] && { read -r stat <"/proc/$1/stat"; } 2>/dev/null && [[ $stat != *') Z '* ]]
}
gone() { ! alive "$1"; }

# Who everything runs as when root starts it: the owner of FOLDER, or postgres.
app_user() {
	local owner=root
	[ ! -e "$1" ] || owner=$(stat -c %U "$1")
	[ "$owner" != root ] || owner=postgres
	getent passwd "$owner" >/dev/null || die "there is no user $owner to run as"
	echo "$owner"
}

# leave_root FOLDER COMMAND...: as root, hand FOLDER to an unprivileged user and run the command as
# that user in place of this script; else do nothing.  A checkout which that user cannot read
# (under /root, say) is opened to it by one capability: reading, never writing.
leave_root() {
	local folder=$1 user flags caps
	shift
	[ "$(id -u)" = 0 ] || return 0
	user=$(app_user "$folder")
	mkdir -p "$folder"
	[ "$(stat -c %U "$folder")" != root ] || chown -R "$user": "$folder"
	flags=(--reuid "$user" --regid "$(id -g "$user")" --init-groups)
	caps=(--inh-caps=+dac_read_search --ambient-caps=+dac_read_search)
	cd /
	if setpriv "${flags[@]}" test -r "$ROOT/scripts/run" -a -x "$BUILD" -a -w "$folder"; then
		exec setpriv "${flags[@]}" env HOME="$folder" USER="$user" LOGNAME="$user" "$@"
	elif setpriv "${flags[@]}" "${caps[@]}" true 2>/dev/null; then
		exec setpriv "${flags[@]}" "${caps[@]}" env HOME="$folder" USER="$user" LOGNAME="$user" "$@"
	fi
	die "user $user cannot read $ROOT or reach $folder; move the checkout, or set CARILLON_VAR"
}
