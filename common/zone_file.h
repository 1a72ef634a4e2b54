#ifndef ZONE_FILE_H
#define ZONE_FILE_H

#include "zone.h"

/*
 * zone_file - inside zone: what a TZif file says, and which part of it holds at an instant.
 * Times are seconds since 1970.
 */
struct zone_type {
	int32_t offset; /* seconds east, within ZONE_OFFSET_MAX */
	const char *abbreviation;
};

#define ZONE_OFFSET_MAX (26 * 60 * 60)

/* From start on and before end, the clocks are so far from UTC. */
struct zone_span {
	int64_t start, end; /* INT64_MIN and INT64_MAX for ever */
	const struct zone_type *type;
};

/* A day of each year, and the local time of the change, which may lie outside of that day. */
struct zone_change {
	enum { DAY_OF_MONTH, DAY_OF_YEAR, DAY_BUT_LEAP } kind;
	int month, week, day; /* week and month only for DAY_OF_MONTH */
	int32_t seconds;
};

/* The file's last line: what holds after its last transition, for ever. */
struct zone_tail {
	struct zone_type standard, summer;
	bool changes;                  /* else standard all year */
	struct zone_change begin, end; /* of summer */
};

struct zone {
	const char *name;
	size_t count; /* of transitions, ascending */
	const int64_t *at;
	const uint8_t *becomes; /* type[becomes[i]] from at[i] on */
	const struct zone_type *type;
	bool has_tail;
	struct zone_tail tail;
};

/* Read what POSIX calls a TZ value, such as "EST5EDT,M3.2.0,M11.1.0"; names live in a. */
bool zone_tail_parse(struct arena *a, const char *s, struct zone_tail *out);

/* t lies in the years 0000-10000. */
struct zone_span zone_tail_span(const struct zone_tail *tail, int64_t t);
struct zone_span zone_span_at(const struct zone *z, int64_t t);

#endif
