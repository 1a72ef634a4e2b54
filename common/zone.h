#ifndef ZONE_H
#define ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "scope.h"

/*
 * zone - what a local time means in a zone of the tz database (contract section 8).
 *
 * Pure: no clock, and no I/O but in zone_load, zone_names and zone_version.  These read
 * /usr/share/zoneinfo, or the folder that TZDIR names, anew each time (a fraction of a
 * millisecond), so that a newer tzdata counts at once.  Who resolves many keeps the zone.
 */
struct zone;

enum zone_status {
	ZONE_OK = 0,
	ZONE_UNKNOWN, /* the tz database has no such name: whoever gave it is wrong */
	ZONE_BROKEN   /* the database is missing or damaged: our side is */
};

/*
 * The zone or link that the tz database's own list (tzdata.zi) calls exactly name, which may be
 * any bytes.  So EDT, FOO+5, UTC+3, posix/UTC, right/UTC, localtime and "utc" are unknown.
 * *out is written only on ZONE_OK and lives in a.
 */
enum zone_status zone_load(struct arena *a, const char *name, const struct zone **out) MUST_CHECK;

/*
 * The same from the n bytes of a TZif file (RFC 9636) of version 2, 3 or 4, borrowed for the call;
 * false when they are anything else, when it counts leap seconds, or when an offset is
 * beyond a day or so, as RFC 9636 advises.
 */
bool zone_parse(struct arena *a, const char *name, const void *data, size_t n,
    const struct zone **out) MUST_CHECK;

/* Calls each for every name in the list, in no order, until it returns false. */
typedef bool zone_name_fn(const char *name, void *ctx);
enum zone_status zone_names(zone_name_fn *each, void *ctx) MUST_CHECK;

/* tzdata's version, such as "2025b"; NULL when there is none to read. */
const char *zone_version(struct arena *a);

const char *zone_name(const struct zone *z); /* lives as long as z */

/* How a local time was found. */
enum zone_rule {
	ZONE_EXACT = 0, /* it happens once */
	ZONE_GAP,       /* never, the clock jumps over it: the first valid instant after it */
	ZONE_OVERLAP    /* twice or more: the first of them */
};

const char *zone_rule_name(enum zone_rule rule); /* "exact", "gap", "overlap" */

struct zone_minute {
	int year, month, day, hour, minute;
};

struct zone_instant {
	int64_t ms; /* since 1970; years 0001-9999 */
	enum zone_rule rule;
};

/*
 * When the clocks of z show at.  False, with *out untouched, when there is no such date or time
 * of day, when its year is not 1970-9999, or when the instant falls into year 10000 in UTC.
 * A day that a zone left out (Apia, 2011-12-30) is a gap like any other.
 */
bool zone_resolve(const struct zone *z, const struct zone_minute *at,
    struct zone_instant *out) MUST_CHECK;

/*
 * The same for hour:minute on the day that is days (0 or more) calendar days after the local
 * date that first_ms has in z.
 */
bool zone_days_after(const struct zone *z, int64_t first_ms, int days, int hour, int minute,
    struct zone_instant *out) MUST_CHECK;

/* What the clocks of z show at an instant. */
struct zone_local {
	int year, month, day, hour, minute, second; /* may be in year 0 or 10000 */
	int offset;                                 /* seconds east of UTC */
	const char *abbreviation;                   /* "EST" or "-03"; lives as long as z */
};

/* ms is in the years 0001-9999 in UTC, as moment_parse and zone_resolve give it. */
struct zone_local zone_local(const struct zone *z, int64_t ms);

/*
 * The same for people, to the minute: "22 Nov 2026, 09:00 EST (America/New_York)", and
 * "UTC-03:00" where the zone has only a number for an abbreviation.
 */
const char *zone_text(struct arena *a, const struct zone *z, int64_t ms);

#endif
