# shellcheck shell=bash
# machine.sh - a throw-away Debian with systemd as its process 1, for tests that install things: this
# host's own files below, all changes in memory, with processes, network and control groups of its own.
# For root; a script that uses it calls machine_alone first.  Where it cannot be, machine_up is false
# and MACHINE_WHY says why.

MACHINE=	# pid of its process 1, as seen from here
MACHINE_WHY=
MACHINE_GROUP=carillon-test-$$

# What is mounted must go with the script, however that ends: so it starts once more, apart.
machine_alone() { # SCRIPT
	[ -z "${MACHINE_ALONE-}" ] || return 0
	export MACHINE_ALONE=yes
	! unshare -m true 2>/dev/null || exec unshare -m --propagation private "$1"
}

# Runs as process 1 of the new namespaces, until it becomes systemd.
machine_init() { # FOLDER
	local node
	cd "$1" || exit
	mkdir up work root && mount -t overlay overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" root && cd root || exit
	mount -t proc proc proc
	mount --bind proc/sys proc/sys && mount -o remount,ro,bind proc/sys || exit
	for node in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $node || exit; done
	chmod 1777 tmp
	for node in null zero full random urandom tty; do
		: >dev/$node
		mount --bind "/dev/$node" "dev/$node" || exit
	done
	mkdir -p dev/pts dev/shm before && chmod 1777 dev/shm
	for node in fd:fd fd/0:stdin fd/1:stdout fd/2:stderr; do
		ln -s "/proc/self/${node%:*}" "dev/${node#*:}"
	done
	ln -s pts/ptmx dev/ptmx
	mount -t sysfs -o ro sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup || exit
	# nothing of the host starts in here but what a test wants, and nothing asks for a name by network
	rm -rf lib/systemd/system/*.target.wants/* etc/systemd/system/*.wants usr/sbin/policy-rc.d
	ip link set lo up
	pivot_root . before && umount -l before && cd /
	exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
		setpriv --bounding-set=-sys_time,-sys_module,-sys_boot,-sys_rawio,-syslog \
		/lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no
}

machine_up() { # FOLDER: an empty one
	local group=$1/cgroup
	if [ "$(id -u)" != 0 ]; then
		MACHINE_WHY='it needs root'
	elif [ ! -x /lib/systemd/systemd ]; then
		MACHINE_WHY='systemd is not installed'
	elif ! unshare -m true 2>/dev/null || ! grep -q overlay /proc/filesystems; then
		MACHINE_WHY='this host gives no mount namespaces or overlays'
	fi
	[ -z "$MACHINE_WHY" ] || return
	if ! mount -t tmpfs -o mode=755 tmpfs "$1" || ! mkdir -p "$group" || ! mount -t cgroup2 cgroup2 "$group" ||
		! mkdir "$group/$MACHINE_GROUP"; then
		MACHINE_WHY='this host gives no control groups'
		machine_down "$1"
		return 1
	fi
	(
		echo "$BASHPID" >"$group/$MACHINE_GROUP/cgroup.procs"
		exec setpriv --pdeathsig KILL unshare --mount --pid --fork --uts --ipc --net --cgroup --kill-child --propagation private \
			bash -c "$(declare -f machine_init); machine_init '$1'"
	) </dev/null >"$1.log" 2>&1 &
	MACHINE_OUTER=$!
	wait_for 20 machine_is_up || { MACHINE_WHY="systemd does not start: $(tail -n 3 "$1.log")"; machine_down "$1"; return 1; }
}
machine_is_up() {
	MACHINE=$(pgrep -P "$MACHINE_OUTER" | head -n 1)
	[ -n "$MACHINE" ] && inside systemctl is-active multi-user.target >/dev/null 2>&1
}

# inside COMMAND...: there, as root
inside() {
	nsenter --target "$MACHINE" --all --root --wd env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root "$@"
}

machine_down() { # FOLDER
	local i
	[ -z "${MACHINE_OUTER-}" ] || kill -KILL "$MACHINE_OUTER" 2>/dev/null
	wait "${MACHINE_OUTER-}" 2>/dev/null
	for ((i = 0; i < 100; i++)); do
		[ -d "$1/cgroup/$MACHINE_GROUP" ] || break
		find "$1/cgroup/$MACHINE_GROUP" -depth -type d -exec rmdir {} + 2>/dev/null
		sleep 0.05
	done
	umount -l "$1/cgroup" "$1" 2>/dev/null
	return 0
}
