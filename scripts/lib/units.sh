# shellcheck shell=sh
# units.sh - the units of an installed copy, out of the way of whoever changes its database or its programs.

# systemctl waits for the units that it is told, not for those that are only PartOf them, so each is
# told.  A pool has 15 seconds to finish what is under way, cron and jobs have 60.
units_stop() {
	systemctl stop carillon.target carillon-cron.timer carillon-cron.service carillon-jobs.service 'carillon-web@*'
}

# Everything is away, sockets too (a request would start a worker), until the script ends, however it ends.
# What did not run before does not run then either.
units_away() {
	[ -d /run/systemd/system ] || return 0
	! systemctl -q is-active carillon.target || trap 'systemctl start carillon.target' EXIT
	units_stop
}
