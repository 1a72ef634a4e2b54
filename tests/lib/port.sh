# shellcheck shell=bash
# port.sh - a port for a server of a test's own.

free_port() { # below the range that outgoing connections take theirs from
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
}
