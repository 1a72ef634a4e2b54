# shellcheck shell=bash disable=SC2034 # some names are for whoever sources this
# pool.sh - the workers of a family behind one listening socket, which is their descriptor 0.

# What is asked all the time, polls and flags, is worth two workers; CARILLON_POOL_<FAMILY> says otherwise.
pool_size() {
	local name=CARILLON_POOL_${1^^}
	[ -z "${!name-}" ] || { echo "${!name}"; return; }
	case $1 in
	notifications | flags) echo 2 ;;
	*) echo 1 ;;
	esac
}

# A worker that dies is started again at once, unless it dies within a second 50 times.
pool_command() { # FAMILY
	POOL=("$(command -v multiwatch)" -f "$(pool_size "$1")" -r 50 -t 1000 -s TERM -- "$BUILD/cgi/$1")
	export LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT=200 LIBFCGI_OS_CLOSE_POLL_TIMEOUT=200
}
