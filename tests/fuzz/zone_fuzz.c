/*
 * zone: a line with minutes since 1970 in decimal, then a TZif file, or what POSIX calls a TZ value
 * when it begins with a "T".  Whatever the file says, an instant that a local time is resolved to
 * does show that time, unless it is a gap, and then the clocks have just jumped over it.
 */
#include "fuzz.h"
#include "zone_file.h"

#define MINUTE     INT64_C(60)
#define DAY        (24 * 60 * MINUTE)
#define FIRST      (-INT64_C(62135596800)) /* year 1 */
#define LAST       INT64_C(253402300799)   /* year 9999 */
#define TAIL_MAX   255                     /* bytes that a file may have of it */
#define ZONES_YEAR (366 * 24 * 60)

/* Local clocks as one number that rises as they do. */
static int64_t
shown(const struct zone_local *l)
{
	return ((((int64_t)l->year * 12 + l->month) * 31 + l->day) * 24 + l->hour) * 3600 +
	    l->minute * 60 + l->second;
}

static void
resolved(struct arena *a, const struct zone *z, const struct zone_minute *at)
{
	struct zone_instant got = { .ms = 0 };
	struct zone_local local, before,
	    want = { at->year, at->month, at->day, at->hour, at->minute, 0, 0, NULL };

	if (!zone_resolve(z, at, &got))
		return;
	HOLDS(got.ms % 1000 == 0 && got.ms / 1000 >= FIRST && got.ms / 1000 <= LAST, "%lld",
	    (long long)got.ms);
	local = zone_local(z, got.ms);
	before = zone_local(z, got.ms - 1000);
	if (got.rule == ZONE_GAP)
		HOLDS(shown(&local) > shown(&want) && shown(&before) < shown(&want),
		    "a gap that does not hold the time");
	else
		HOLDS(shown(&local) == shown(&want), "%d-%d-%d %d:%d is %lld", at->year, at->month,
		    at->day, at->hour, at->minute, (long long)got.ms);
	HOLDS(fuzz_is_utf8(local.abbreviation, strlen(local.abbreviation)), "abbreviation");
	HOLDS(strlen(zone_text(a, z, got.ms)) < TAIL_MAX + 100, "text");
}

/* The spans around an instant lie side by side, and each holds its own times. */
static void
spans(const struct zone *z, int64_t t)
{
	struct zone_span span = zone_span_at(z, t), next;

	HOLDS(span.start <= t && t < span.end, "%lld is not in its span", (long long)t);
	HOLDS(abs(span.type->offset) <= ZONE_OFFSET_MAX, "offset %d", span.type->offset);
	if (span.end > LAST)
		return;
	next = zone_span_at(z, span.end);
	HOLDS(next.start == span.end && next.end > next.start, "after %lld comes %lld",
	    (long long)span.end, (long long)next.start);
}

static void
used(struct arena *a, const struct zone *z, int64_t t)
{
	struct zone_local l;
	struct zone_instant later;

	t = t % (LAST + 1);
	if (t < FIRST + 3 * 86400 || t > LAST - 3 * 86400)
		return;
	spans(z, t);
	l = zone_local(z, t * 1000);
	HOLDS(l.month >= 1 && l.month <= 12 && l.day >= 1 && l.day <= 31 && l.hour <= 23 &&
		l.minute <= 59,
	    "%lld", (long long)t);
	resolved(a, z, &(struct zone_minute){ l.year, l.month, l.day, l.hour, l.minute });
	resolved(a, z,
	    &(struct zone_minute){ l.year, l.month, l.day, (l.hour + 1) % 24, l.minute });
	if (t >= 0 && zone_days_after(z, t * 1000, 1, l.hour, l.minute, &later) &&
	    later.rule != ZONE_GAP)
		HOLDS(later.ms / 1000 + zone_local(z, later.ms).offset ==
			t + l.offset - l.second + DAY,
		    "a day after %lld is %lld", (long long)t, (long long)later.ms);
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	int64_t t =
	    strtoll(fuzz_take(a, &s, &n, '\n'), NULL, 10) % (ZONES_YEAR * INT64_C(10000)) * MINUTE;
	static const struct zone_type utc = { 0, "UTC" };
	static const int64_t none;
	const struct zone *z;
	struct zone tail = { .name = "tail", .at = &none, .type = &utc, .has_tail = true };

	if (zone_parse(a, "file", s, n, &z)) {
		HOLDS(strcmp(zone_name(z), "file") == 0, "name");
		used(a, z, t);
		for (size_t i = 0; i < z->count && i < 8; i++)
			used(a, z, z->at[i]);
	}
	if (n <= TAIL_MAX && zone_tail_parse(a, arena_ndup(a, s, n), &tail.tail))
		used(a, &tail, t);
}
