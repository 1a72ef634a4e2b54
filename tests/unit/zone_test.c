/*
 * common/zone: gaps, overlaps, what zones do and did, names, files that are no zone.
 * With --cases it is a filter for tests/scripts/zone_test.sh instead: a question on each line of
 * stdin, its answer on a line of stdout.
 */
#include "zone.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "moment.h"
#include "t.h"

static struct arena arena;

static const struct zone *
must_load(const char *name)
{
	const struct zone *z = NULL;

	if (zone_load(&arena, name, &z) != ZONE_OK) {
		fprintf(stderr, "%s: cannot be loaded\n", name);
		exit(2);
	}
	return z;
}

static struct zone_minute
minute(const char *s)
{
	struct zone_minute m;

	if (sscanf(s, "%d-%d-%d %d:%d", &m.year, &m.month, &m.day, &m.hour, &m.minute) != 5)
		exit(2);
	return m;
}

static const char *
answer(bool there, const struct zone_instant *i)
{
	char text[MOMENT_LEN + 1];

	if (!there)
		return NULL;
	moment_format(i->ms, text);
	return arena_fmt(&arena, "%.16s %s", text, zone_rule_name(i->rule));
}

static int64_t
instant(const char *rfc3339)
{
	int64_t ms;

	if (!moment_parse(rfc3339, strlen(rfc3339), &ms))
		exit(2);
	return ms;
}

/* ---- resolving ---- */

static const struct {
	const char *zone, *local, *want;
} locals[] = {
	{ "America/New_York", "2026-11-22 09:00", "2026-11-22T14:00 exact" },
	{ "America/New_York", "2026-07-01 00:00", "2026-07-01T04:00 exact" },
	{ "UTC", "2026-11-22 09:00", "2026-11-22T09:00 exact" },
	{ "Asia/Kolkata", "2026-01-01 00:00", "2025-12-31T18:30 exact" },
	{ "Asia/Kathmandu", "2026-01-01 00:00", "2025-12-31T18:15 exact" },
	{ "Etc/GMT+5", "2026-01-01 00:00", "2026-01-01T05:00 exact" },
	{ "Pacific/Kiritimati", "2026-01-01 00:00", "2025-12-31T10:00 exact" },
	/* both edges of a gap */
	{ "America/New_York", "2026-03-08 01:59", "2026-03-08T06:59 exact" },
	{ "America/New_York", "2026-03-08 02:00", "2026-03-08T07:00 gap" },
	{ "America/New_York", "2026-03-08 02:30", "2026-03-08T07:00 gap" },
	{ "America/New_York", "2026-03-08 02:59", "2026-03-08T07:00 gap" },
	{ "America/New_York", "2026-03-08 03:00", "2026-03-08T07:00 exact" },
	/* both edges of an overlap */
	{ "America/New_York", "2026-11-01 00:59", "2026-11-01T04:59 exact" },
	{ "America/New_York", "2026-11-01 01:00", "2026-11-01T05:00 overlap" },
	{ "America/New_York", "2026-11-01 01:30", "2026-11-01T05:30 overlap" },
	{ "America/New_York", "2026-11-01 01:59", "2026-11-01T05:59 overlap" },
	{ "America/New_York", "2026-11-01 02:00", "2026-11-01T07:00 exact" },
	/* a day that begins at 01:00, or whose last hour comes twice */
	{ "Africa/Cairo", "2026-04-24 00:00", "2026-04-23T22:00 gap" },
	{ "Africa/Cairo", "2026-04-24 01:00", "2026-04-23T22:00 exact" },
	{ "Africa/Cairo", "2026-10-29 23:30", "2026-10-29T20:30 overlap" },
	{ "Asia/Beirut", "2026-03-29 00:00", "2026-03-28T22:00 gap" },
	{ "Asia/Beirut", "2026-10-24 23:00", "2026-10-24T20:00 overlap" },
	/* half an hour */
	{ "Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03T15:30 gap" },
	{ "Australia/Lord_Howe", "2026-10-04 02:30", "2026-10-03T15:30 exact" },
	{ "Australia/Lord_Howe", "2026-04-05 01:29", "2026-04-04T14:29 exact" },
	{ "Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45 overlap" },
	/* winter time that is the negative of summer time; a change before midnight */
	{ "Europe/Dublin", "2026-03-29 01:30", "2026-03-29T01:00 gap" },
	{ "Europe/Dublin", "2026-10-25 01:30", "2026-10-25T00:30 overlap" },
	{ "America/Nuuk", "2026-03-28 23:30", "2026-03-29T01:00 gap" },
	{ "Antarctica/Troll", "2026-03-29 01:30", "2026-03-29T01:00 gap" },
	{ "Antarctica/Troll", "2026-10-25 02:30", "2026-10-25T00:30 overlap" },
	/* days that never were, and one that came twice */
	{ "Pacific/Apia", "2011-12-29 23:59", "2011-12-30T09:59 exact" },
	{ "Pacific/Apia", "2011-12-30 00:00", "2011-12-30T10:00 gap" },
	{ "Pacific/Apia", "2011-12-30 12:00", "2011-12-30T10:00 gap" },
	{ "Pacific/Apia", "2011-12-30 23:59", "2011-12-30T10:00 gap" },
	{ "Pacific/Apia", "2011-12-31 00:00", "2011-12-30T10:00 exact" },
	{ "Pacific/Kwajalein", "1993-08-21 12:00", "1993-08-21T12:00 gap" },
	{ "Pacific/Kiritimati", "1994-12-31 12:00", "1994-12-31T10:00 gap" },
	/* other laws than a summer time */
	{ "Europe/Istanbul", "2016-09-07 00:30", "2016-09-06T21:30 exact" },
	{ "Asia/Pyongyang", "2018-05-04 23:45", "2018-05-04T15:00 gap" },
	{ "America/Caracas", "2007-12-09 02:45", "2007-12-09T06:45 overlap" },
	{ "Africa/Monrovia", "1972-01-06 23:59", "1972-01-07T00:43 exact" },
	{ "Africa/Monrovia", "1972-01-07 00:30", "1972-01-07T00:44 gap" },
	/* years, by the last line of the file */
	{ "America/New_York", "1970-01-01 00:00", "1970-01-01T05:00 exact" },
	{ "Pacific/Auckland", "1970-01-01 00:00", "1969-12-31T12:00 exact" },
	{ "America/New_York", "2037-12-31 12:00", "2037-12-31T17:00 exact" },
	{ "America/New_York", "2038-03-14 02:30", "2038-03-14T07:00 gap" },
	{ "America/New_York", "2999-07-01 12:00", "2999-07-01T16:00 exact" },
	{ "America/New_York", "2999-12-01 12:00", "2999-12-01T17:00 exact" },
	{ "Europe/Berlin", "9998-03-29 02:30", "9998-03-29T01:00 gap" },
	{ "Africa/Cairo", "2500-04-30 00:30", "2500-04-29T22:00 gap" },
	{ "Asia/Jerusalem", "2400-03-24 02:30", "2400-03-24T00:00 gap" },
	{ "Pacific/Auckland", "9999-12-31 23:59", "9999-12-31T10:59 exact" },
	{ "UTC", "9999-12-31 23:59", "9999-12-31T23:59 exact" },
	{ "America/New_York", "9999-12-31 18:59", "9999-12-31T23:59 exact" },
	{ "America/New_York", "9999-12-31 19:00", NULL },
	/* nothing that a calendar or a clock shows */
	{ "UTC", "1969-12-31 23:59", NULL },
	{ "UTC", "10000-01-01 00:00", NULL },
	{ "UTC", "2026-02-29 00:00", NULL },
	{ "UTC", "2028-02-29 00:00", "2028-02-29T00:00 exact" },
	{ "UTC", "2026-04-31 00:00", NULL },
	{ "UTC", "2026-00-01 00:00", NULL },
	{ "UTC", "2026-13-01 00:00", NULL },
	{ "UTC", "2026-01-00 00:00", NULL },
	{ "UTC", "2026-01-01 24:00", NULL },
	{ "UTC", "2026-01-01 00:60", NULL },
	{ "UTC", "2026-01-01 -1:00", NULL },
	{ "UTC", "2026-01-01 00:-1", NULL },
};

static void
test_resolve(void)
{
	for (size_t i = 0; i < COUNT(locals); i++) {
		const struct zone *z = must_load(locals[i].zone);
		struct zone_minute at = minute(locals[i].local);
		struct zone_instant got = { 0 };

		T_SAME(answer(zone_resolve(z, &at, &got), &got), locals[i].want,
		    arena_fmt(&arena, "%s %s", locals[i].zone, locals[i].local));
		arena_reset(&arena);
	}
}

static const struct {
	const char *zone, *first;
	int days, hour, minute;
	const char *want;
} ends[] = {
	{ "America/New_York", "2026-03-06T20:00:00Z", 3, 9, 0, "2026-03-09T13:00 exact" },
	{ "America/New_York", "2026-11-22T14:00:00Z", 14, 9, 0, "2026-12-06T14:00 exact" },
	{ "America/New_York", "2026-11-22T14:00:00Z", 0, 17, 30, "2026-11-22T22:30 exact" },
	{ "America/New_York", "2026-11-22T14:00:00Z", 0, 8, 0, "2026-11-22T13:00 exact" },
	{ "America/New_York", "2026-03-07T12:00:00Z", 1, 2, 30, "2026-03-08T07:00 gap" },
	{ "America/New_York", "2026-10-31T12:00:00Z", 1, 1, 30, "2026-11-01T05:30 overlap" },
	{ "America/New_York", "2026-11-01T05:30:00Z", 0, 1, 30, "2026-11-01T05:30 overlap" },
	{ "America/New_York", "2026-11-01T06:30:00Z", 0, 1, 30, "2026-11-01T05:30 overlap" },
	/* the day is the one over there */
	{ "America/New_York", "2026-11-23T03:00:00Z", 1, 0, 0, "2026-11-23T05:00 exact" },
	{ "Pacific/Auckland", "2026-11-22T14:00:00Z", 1, 0, 0, "2026-11-23T11:00 exact" },
	{ "Pacific/Auckland", "2026-11-22T10:59:59.999Z", 1, 0, 0, "2026-11-22T11:00 exact" },
	{ "Asia/Kolkata", "2026-12-31T18:29:59.999Z", 1, 0, 0, "2026-12-31T18:30 exact" },
	{ "Asia/Kolkata", "2026-12-31T18:30:00.000Z", 1, 0, 0, "2027-01-01T18:30 exact" },
	/* calendar days, also through one that never was */
	{ "Pacific/Apia", "2011-12-29T12:00:00Z", 1, 12, 0, "2011-12-30T10:00 gap" },
	{ "Pacific/Apia", "2011-12-29T12:00:00Z", 2, 12, 0, "2011-12-30T22:00 exact" },
	{ "UTC", "2028-02-28T12:00:00Z", 1, 12, 0, "2028-02-29T12:00 exact" },
	{ "UTC", "2027-02-28T12:00:00Z", 1, 12, 0, "2027-03-01T12:00 exact" },
	{ "UTC", "2027-12-31T12:00:00Z", 365, 0, 0, "2028-12-30T00:00 exact" },
	{ "UTC", "9999-12-31T12:00:00Z", 0, 23, 59, "9999-12-31T23:59 exact" },
	{ "UTC", "9999-12-31T12:00:00Z", 1, 0, 0, NULL },
	{ "UTC", "2026-01-01T12:00:00Z", INT32_MAX, 0, 0, NULL },
	{ "UTC", "2026-01-01T12:00:00Z", -1, 0, 0, NULL },
	{ "UTC", "2026-01-01T12:00:00Z", 0, 24, 0, NULL },
	{ "UTC", "2026-01-01T12:00:00Z", 0, 0, 60, NULL },
};

static void
test_days_after(void)
{
	for (size_t i = 0; i < COUNT(ends); i++) {
		const struct zone *z = must_load(ends[i].zone);
		struct zone_instant got = { 0 };
		bool there = zone_days_after(z, instant(ends[i].first), ends[i].days, ends[i].hour,
		    ends[i].minute, &got);

		T_SAME(answer(there, &got), ends[i].want,
		    arena_fmt(&arena, "%s %s + %d", ends[i].zone, ends[i].first, ends[i].days));
		arena_reset(&arena);
	}
}

/* ---- showing ---- */

static const struct {
	const char *zone, *instant, *text;
	int second, offset;
} shown[] = {
	{ "America/New_York", "2026-11-22T14:00:00Z", "22 Nov 2026, 09:00 EST (America/New_York)",
	    0, -18000 },
	{ "America/New_York", "2026-11-01T05:59:59.999Z",
	    "1 Nov 2026, 01:59 EDT (America/New_York)", 59, -14400 },
	{ "America/New_York", "2026-11-01T06:00:00Z", "1 Nov 2026, 01:00 EST (America/New_York)", 0,
	    -18000 },
	{ "America/Sao_Paulo", "2026-11-01T06:00:00Z",
	    "1 Nov 2026, 03:00 UTC-03:00 (America/Sao_Paulo)", 0, -10800 },
	{ "Asia/Colombo", "2026-11-01T06:00:00Z", "1 Nov 2026, 11:30 UTC+05:30 (Asia/Colombo)", 0,
	    19800 },
	{ "Asia/Kolkata", "2026-12-31T18:30:00Z", "1 Jan 2027, 00:00 IST (Asia/Kolkata)", 0,
	    19800 },
	{ "UTC", "2026-01-31T23:59:00Z", "31 Jan 2026, 23:59 UTC", 0, 0 },
	{ "Etc/UTC", "2026-01-31T23:59:00Z", "31 Jan 2026, 23:59 UTC (Etc/UTC)", 0, 0 },
	{ "Africa/Monrovia", "1970-01-01T00:00:00Z", "31 Dec 1969, 23:15 MMT (Africa/Monrovia)", 30,
	    -2670 },
	{ "UTC", "1969-12-31T23:59:59.999Z", "31 Dec 1969, 23:59 UTC", 59, 0 },
	{ "America/New_York", "0001-01-01T00:00:00Z", "31 Dec 0000, 19:03 LMT (America/New_York)",
	    58, -17762 },
	{ "Asia/Tokyo", "9999-12-31T23:59:59.999Z", "1 Jan 10000, 08:59 JST (Asia/Tokyo)", 59,
	    32400 },
	{ "Europe/Berlin", "9999-07-01T12:00:00Z", "1 Jul 9999, 14:00 CEST (Europe/Berlin)", 0,
	    7200 },
};

static void
test_show(void)
{
	for (size_t i = 0; i < COUNT(shown); i++) {
		const struct zone *z = must_load(shown[i].zone);
		int64_t ms = instant(shown[i].instant);
		struct zone_local local = zone_local(z, ms);

		T_SAME(zone_text(&arena, z, ms), shown[i].text, shown[i].instant);
		T_OK(local.second == shown[i].second && local.offset == shown[i].offset,
		    "%s %s: second %d, offset %d", shown[i].zone, shown[i].instant, local.second,
		    local.offset);
		arena_reset(&arena);
	}
}

/* ---- names ---- */

static const struct {
	const char *name;
	enum zone_status want;
} names[] = {
	{ "UTC", ZONE_OK },
	{ "Etc/UTC", ZONE_OK },
	{ "GMT", ZONE_OK },
	{ "EST5EDT", ZONE_OK },
	{ "Etc/GMT-14", ZONE_OK },
	{ "America/Argentina/ComodRivadavia", ZONE_OK },
	{ "Asia/Calcutta", ZONE_OK },
	{ "America/Port-au-Prince", ZONE_OK },
	{ "EDT", ZONE_UNKNOWN },
	{ "FOO+5", ZONE_UNKNOWN },
	{ "UTC+3", ZONE_UNKNOWN },
	{ "+03", ZONE_UNKNOWN },
	{ "EST5EDT,M3.2.0,M11.1.0", ZONE_UNKNOWN },
	{ "posix/UTC", ZONE_UNKNOWN },
	{ "right/UTC", ZONE_UNKNOWN },
	{ "localtime", ZONE_UNKNOWN },
	{ "posixrules", ZONE_UNKNOWN },
	{ "tzdata.zi", ZONE_UNKNOWN },
	{ "zone1970.tab", ZONE_UNKNOWN },
	{ "America", ZONE_UNKNOWN },
	{ "America/", ZONE_UNKNOWN },
	{ "America/../UTC", ZONE_UNKNOWN },
	{ "../zoneinfo/UTC", ZONE_UNKNOWN },
	{ "/usr/share/zoneinfo/UTC", ZONE_UNKNOWN },
	{ "./UTC", ZONE_UNKNOWN },
	{ "Etc//UTC", ZONE_UNKNOWN },
	{ "utc", ZONE_UNKNOWN },
	{ "america/new_york", ZONE_UNKNOWN },
	{ "America/New York", ZONE_UNKNOWN },
	{ "America/New_York ", ZONE_UNKNOWN },
	{ "America/New_York\n", ZONE_UNKNOWN },
	{ "Mars/Phobos", ZONE_UNKNOWN },
	{ ":UTC", ZONE_UNKNOWN },
	{ "Z", ZONE_UNKNOWN },
	{ "-", ZONE_UNKNOWN },
	{ "", ZONE_UNKNOWN },
	{ "\xff", ZONE_UNKNOWN },
	{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    ZONE_UNKNOWN },
};

static bool
load_named(const char *name, void *ctx)
{
	const struct zone *z = NULL;
	unsigned *count = ctx;

	(*count)++;
	T_OK(zone_load(&arena, name, &z) == ZONE_OK && strcmp(zone_name(z), name) == 0, "%s", name);
	arena_reset(&arena);
	return true;
}

static void
test_names(void)
{
	const char *version = zone_version(&arena);
	unsigned count = 0;

	for (size_t i = 0; i < COUNT(names); i++) {
		const struct zone *z = NULL;
		enum zone_status got = zone_load(&arena, names[i].name, &z);

		T_OK(got == names[i].want && (z != NULL) == (got == ZONE_OK), "\"%s\": status %d",
		    names[i].name, got);
	}
	T_OK(version != NULL && strlen(version) >= 5 && strncmp(version, "20", 2) == 0,
	    "version %s", version != NULL ? version : "(null)");
	T_OK(zone_names(load_named, &count) == ZONE_OK && count > 500, "%u names", count);
}

/* ---- a folder of our own ---- */

static void
write_file(const char *folder, const char *name, const char *data, size_t n)
{
	FILE *f = fopen(arena_fmt(&arena, "%s/%s", folder, name), "w");

	if (f == NULL || fwrite(data, 1, n, f) != n || fclose(f) != 0)
		exit(2);
}

static char *
read_zone(const char *name, size_t *n)
{
	FILE *f = fopen(arena_fmt(&arena, "/usr/share/zoneinfo/%s", name), "re");
	char *data = arena_alloc(&arena, 8192);

	if (f == NULL || (*n = fread(data, 1, 8192, f)) == 0)
		exit(2);
	fclose(f);
	return data;
}

static void
test_folder(void)
{
	static const char list[] = "# version 2031z\nR A 1 o - 0 0 0 -\nZ Good/Zone 1 - A\n"
				   "L Good/Zone Old/Name\nZ Bad/Zone 1 - A\nZ No/File 1 - A\n"
				   "Z ../../etc/passwd 0 -\nL\nZ\nZ \nL Good/Zone\n"
				   "L Good/Zone Good\nL /etc/passwd Evil\nZ Last/Line";
	char folder[] = "/tmp/carillon-zone.XXXXXX";
	const struct zone *z = NULL;
	size_t n;
	const char *good = read_zone("Europe/Berlin", &n);
	static const char *const made[] = { "Good/Zone", "Bad/Zone", "Good", "Bad", "tzdata.zi" };

	if (mkdtemp(folder) == NULL || setenv("TZDIR", folder, 1) != 0)
		exit(2);
	T_OK(zone_load(&arena, "UTC", &z) == ZONE_BROKEN, "no list");
	T_OK(zone_version(&arena) == NULL, "no version");
	write_file(folder, "tzdata.zi", "", 0);
	T_OK(zone_load(&arena, "UTC", &z) == ZONE_BROKEN, "an empty list");
	T_OK(zone_version(&arena) == NULL, "no version");
	write_file(folder, "tzdata.zi", list, sizeof(list) - 1);
	mkdir(arena_fmt(&arena, "%s/Good", folder), 0700);
	mkdir(arena_fmt(&arena, "%s/Bad", folder), 0700);
	write_file(folder, "Good/Zone", good, n);
	write_file(folder, "Bad/Zone", good, n - 1);
	T_SAME(zone_version(&arena), "2031z", "version");
	T_OK(zone_load(&arena, "UTC", &z) == ZONE_UNKNOWN, "not in this list");
	T_OK(zone_load(&arena, "../../etc/passwd", &z) == ZONE_UNKNOWN, "never opened");
	T_OK(zone_load(&arena, "Bad/Zone", &z) == ZONE_BROKEN, "cut off");
	T_OK(zone_load(&arena, "No/File", &z) == ZONE_BROKEN, "no file");
	T_OK(zone_load(&arena, "Last/Line", &z) == ZONE_BROKEN, "no file");
	T_OK(zone_load(&arena, "Good", &z) == ZONE_BROKEN, "a folder");
	T_OK(zone_load(&arena, "Evil", &z) == ZONE_BROKEN && z == NULL, "a link out of here");
	T_OK(zone_load(&arena, "Good/Zone", &z) == ZONE_OK, "a zone");
	T_OK(zone_load(&arena, "Old/Name", &z) == ZONE_OK, "a link without a file");
	T_SAME(z != NULL ? zone_name(z) : NULL, "Old/Name", "its name");
	unsetenv("TZDIR");
	for (size_t i = COUNT(made); i-- > 0;)
		remove(arena_fmt(&arena, "%s/%s", folder, made[i]));
	remove(arena_fmt(&arena, "%s/Good", folder));
	remove(arena_fmt(&arena, "%s/Bad", folder));
	rmdir(folder);
	arena_reset(&arena);
}

/* ---- --cases ---- */

static void
answer_case(const struct zone *z, char kind, const char *rest)
{
	struct zone_minute at = { 0 };
	struct zone_instant got;
	struct zone_local l;
	int64_t ms;
	int days;

	if (kind == 'R' &&
	    sscanf(rest, "%d %d %d %d %d", &at.year, &at.month, &at.day, &at.hour, &at.minute) ==
		5) {
		if (zone_resolve(z, &at, &got))
			printf("%" PRId64 " %s\n", got.ms, zone_rule_name(got.rule));
	} else if (kind == 'D' &&
	    sscanf(rest, "%" SCNd64 " %d %d %d", &ms, &days, &at.hour, &at.minute) == 4) {
		if (zone_days_after(z, ms, days, at.hour, at.minute, &got))
			printf("%" PRId64 " %s\n", got.ms, zone_rule_name(got.rule));
	} else if (kind == 'L' && sscanf(rest, "%" SCNd64, &ms) == 1) {
		l = zone_local(z, ms);
		printf("%d %d %d %d %d %d %d %s\n", l.year, l.month, l.day, l.hour, l.minute,
		    l.second, l.offset, l.abbreviation);
	}
}

/*
 * "R zone year month day hour minute", "D zone ms days hour minute" and "L zone ms"; the zone is
 * loaded when it differs from the line before.
 */
static int
answer_cases(void)
{
	char line[200], name[80], kind;
	const struct zone *z = NULL;
	int at;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "%c %79s %n", &kind, name, &at) != 2)
			return 2;
		if (z == NULL || strcmp(name, zone_name(z)) != 0) {
			arena_reset(&arena);
			z = must_load(name);
		}
		answer_case(z, kind, line + at);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	arena_init(&arena, 1024 * 1024);
	if (argc == 2 && strcmp(argv[1], "--cases") == 0)
		return answer_cases();
	test_resolve();
	test_days_after();
	test_show();
	test_names();
	test_folder();
	arena_free(&arena);
	return T_DONE("zone");
}
