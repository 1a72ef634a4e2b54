#!/usr/bin/env bash
# zone_test - common/zone against Python's zoneinfo on the same tz database: 100,000 random cases in
# all zones.  ZONE_SEED=N asks others.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
python3 -c 'import zoneinfo' 2>/dev/null || { echo 'no python3 with zoneinfo'; exit 77; }
exec python3 -B tests/lib/zone_cases.py "${ZONE_SEED:-20261122}" "${ZONE_CASES:-100000}" \
	"${CARILLON_BUILD:-build}/tests/zone_test" --cases
