/* common/zone_file, common/zone_tail: files made here, damaged ones, and noise. */
#include "zone.h"

#include "moment.h"
#include "t.h"

#define BYTES_MAX 4096

static struct arena arena;

/* ---- a file to order ---- */

struct bytes {
	size_t n;
	unsigned char at[BYTES_MAX];
};

struct order {
	char version;
	uint32_t isut, isstd, leap, time, type, chars; /* as the header says */
	int64_t at[3];
	unsigned char becomes[3];
	int32_t offset[3];
	unsigned char dst, name; /* of the last type */
	const char *names;       /* chars bytes */
	const char *tail;
};

static void
put(struct bytes *b, uint64_t value, int bytes)
{
	while (bytes-- > 0)
		b->at[b->n++] = (unsigned char)(value >> (bytes * 8));
}

static void
put_header(struct bytes *b, char version, const uint32_t counts[6])
{
	memcpy(b->at + b->n, "TZif", 4);
	b->at[b->n + 4] = (unsigned char)version;
	memset(b->at + b->n + 5, 0, 15);
	b->n += 20;
	for (int i = 0; i < 6; i++)
		put(b, counts[i], 4);
}

static void
put_file(struct bytes *b, const struct order *o)
{
	static const uint32_t none[6];
	const uint32_t counts[] = { o->isut, o->isstd, o->leap, o->time, o->type, o->chars };

	b->n = 0;
	put_header(b, o->version, none);
	put_header(b, o->version, counts);
	for (uint32_t i = 0; i < o->time && i < 3; i++)
		put(b, (uint64_t)o->at[i], 8);
	for (uint32_t i = 0; i < o->time && i < 3; i++)
		put(b, o->becomes[i], 1);
	for (uint32_t i = 0; i < o->type && i < 3; i++) {
		put(b, (uint32_t)o->offset[i], 4);
		put(b, i + 1 == o->type ? o->dst : 0, 1);
		put(b, i + 1 == o->type ? o->name : 0, 1);
	}
	memcpy(b->at + b->n, o->names, o->chars);
	b->n += o->chars;
	for (uint32_t i = 0; i < o->leap * 12; i++)
		put(b, 0, 1);
	for (uint32_t i = 0; i < o->isstd + o->isut; i++)
		put(b, 0, 1);
	memcpy(b->at + b->n, o->tail, strlen(o->tail));
	b->n += strlen(o->tail);
}

/* A copy of exactly n bytes, so that the sanitizer sees one byte more. */
static bool
parse(const void *data, size_t n, const struct zone **z)
{
	unsigned char *copy = malloc(n + (n == 0));
	bool good;

	if (copy == NULL)
		exit(2);
	if (n > 0)
		memcpy(copy, data, n);
	*z = NULL;
	good = zone_parse(&arena, "Test/Zone", copy, n, z);
	free(copy);
	T_OK(good == (*z != NULL), "%zu bytes: written only when true", n);
	return good;
}

#define ORDER(...) \
	{ \
		.version = '2', .time = 2, .type = 2, .chars = 8, .at = { 100, 200 }, \
		.becomes = { 1, 0 }, .offset = { 0, 3600 }, .name = 4, .names = "AAA\0BBB", \
		.tail = "\nAAA0\n", __VA_ARGS__ \
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif
static const struct {
	const char *what;
	bool good;
	struct order o;
} orders[] = {
	{ "plain", true, ORDER() },
	{ "version 3", true, ORDER(.version = '3') },
	{ "version 4", true, ORDER(.version = '4') },
	{ "version 1", false, ORDER(.version = '\0') },
	{ "version 5", false, ORDER(.version = '5') },
	{ "no transitions", true, ORDER(.time = 0) },
	{ "no tail", true, ORDER(.tail = "\n\n") },
	{ "no types", false, ORDER(.type = 0, .time = 0) },
	{ "257 types", false, ORDER(.type = 257) },
	{ "a leap second", false, ORDER(.leap = 1) },
	{ "indicators", true, ORDER(.isut = 2, .isstd = 2) },
	{ "too few indicators", false, ORDER(.isut = 1) },
	{ "too few others", false, ORDER(.isstd = 1) },
	{ "the same instant twice", false, ORDER(.at = { 100, 100 }) },
	{ "back in time", false, ORDER(.at = { 100, 99 }) },
	{ "the ends of time", true, ORDER(.at = { INT64_MIN, INT64_MAX }) },
	{ "no such type", false, ORDER(.becomes = { 2, 0 }) },
	{ "26 hours", true, ORDER(.offset = { 93600, -93600 }) },
	{ "more than 26 hours", false, ORDER(.offset = { 0, 93601 }) },
	{ "less than -26 hours", false, ORDER(.offset = { 0, -93601 }) },
	{ "no offset at all", false, ORDER(.offset = { 0, INT32_MIN }) },
	{ "half a summer time", false, ORDER(.dst = 2) },
	{ "an end of a name", true, ORDER(.name = 5) },
	{ "an empty name", false, ORDER(.name = 3) },
	{ "a name outside", false, ORDER(.name = 8) },
	{ "a name without an end", false, ORDER(.chars = 7) },
	{ "no names", false, ORDER(.chars = 0) },
	{ "a line end in a name", false, ORDER(.names = "AAA\0B\nB") },
	{ "markup in a name", false, ORDER(.names = "AAA\0<b>") },
	{ "no last line", false, ORDER(.tail = "") },
	{ "half a last line", false, ORDER(.tail = "\n") },
	{ "a last line without an end", false, ORDER(.tail = "\nAAA0") },
	{ "more than a last line", false, ORDER(.tail = "\nAAA0\nX") },
	{ "two last lines", false, ORDER(.tail = "\nAAA0\nAAA0\n") },
};
#pragma GCC diagnostic pop

static void
test_orders(void)
{
	static struct bytes b;
	const struct zone *z;

	for (size_t i = 0; i < COUNT(orders); i++) {
		put_file(&b, &orders[i].o);
		T_OK(parse(b.at, b.n, &z) == orders[i].good, "%s", orders[i].what);
		arena_reset(&arena);
	}
	put_file(&b, &orders[0].o);
	for (size_t field = 0; field < 6; field++) { /* each count, in either header */
		for (size_t byte = 0; byte < 4; byte++) {
			size_t first = 20 + field * 4 + byte, second = first + 44;

			b.at[first] ^= 0x80;
			T_OK(!parse(b.at, b.n, &z), "first header, count %zu", field);
			b.at[first] ^= 0x80;
			b.at[second] ^= 0x80;
			T_OK(!parse(b.at, b.n, &z), "second header, count %zu", field);
			b.at[second] ^= 0x80;
		}
	}
	arena_reset(&arena);
}

/* ---- last lines ---- */

static const struct {
	const char *tail, *winter,
	    *summer; /* noon of 2026-01-15 and of 2026-07-15; NULL: refused */
} tails[] = {
	{ "EST5", "17:00", "17:00" },
	{ "<-03>3", "15:00", "15:00" },
	{ "<+0530>-5:30", "06:30", "06:30" },
	{ "<-00>0", "12:00", "12:00" },
	{ "AAA-24:59:59", "11:00", "11:00" },
	{ "AAA24:59:59", "12:59", "12:59" },
	{ "AAA+5", "17:00", "17:00" },
	{ "EST5EDT,M3.2.0,M11.1.0", "17:00", "16:00" },
	{ "EST5EDT4,M3.2.0/2,M11.1.0/2:00:00", "17:00", "16:00" },
	{ "AAA0BBB-2,M3.5.0/1,M10.5.0/3", "12:00", "10:00" },
	{ "IST-1GMT0,M10.5.0,M3.5.0/1", "12:00", "11:00" },
	{ "NZST-12NZDT,M9.5.0,M4.1.0/3", "23:00", "00:00" },
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "14:00", "13:00" },
	{ "AAA0BBB,J60/0,J300/0", "12:00", "11:00" },
	{ "AAA0BBB,59/0,299/0", "12:00", "11:00" },
	{ "AAA0BBB,J15/13,J196/12", "12:00", "12:00" },
	{ "AAA0BBB,J15/12,J196/12:01", "", "" },
	{ "AAA0BBB,J15/11,J196/13:01", "11:00", "11:00" },
	{ "AAA0BBB,J365/167,J365/-167", "11:00", "11:00" }, /* 6 January to 24 December */
	{ "AAA0BBB,J1/-167,J1/167", "12:00", "12:00" },     /* 25 December to 7 January */
	/* summer all year, and never */
	{ "XXX3EDT4,0/0,J365/23", "16:00", "16:00" },
	{ "EST5EDT,0/0,J365/25", "16:00", "16:00" },
	{ "AAA0BBB,J100/0,J100/1", "12:00", "12:00" },
	{ "AAA0BBB,J100/0,J100/0", "11:00", "11:00" }, /* all but an hour */
	/* each change stands in the January after its year; summer from the 6th to the next 5th */
	{ "AAA0BBB,J365/150,J365/120", "11:00", "11:00" },
	{ "", "12:00", "12:00" },
	{ "EST", NULL, NULL },
	{ "5", NULL, NULL },
	{ "ES5", NULL, NULL },
	{ "<-0>0", NULL, NULL },
	{ "<-03", NULL, NULL },
	{ "<-03 >3", NULL, NULL },
	{ "<b\"c>3", NULL, NULL },
	{ "E1T5", NULL, NULL },
	{ "EST25", NULL, NULL },
	{ "EST00005", NULL, NULL },
	{ "EST+-5", NULL, NULL },
	{ "EST5:", NULL, NULL },
	{ "EST5:60", NULL, NULL },
	{ "EST5:00:60", NULL, NULL },
	{ "EST5 ", NULL, NULL },
	{ "EST5EDT", NULL, NULL },
	{ "EST5EDT4", NULL, NULL },
	{ "EST5EDT,", NULL, NULL },
	{ "EST5EDT,M3.2.0", NULL, NULL },
	{ "EST5EDT,M3.2.0,", NULL, NULL },
	{ "EST5EDT,M3.2.0,M11.1.0,", NULL, NULL },
	{ "EST5EDT,M3.2.0,M11.1.0/168", NULL, NULL },
	{ "EST5EDT,M3.2.0/,M11.1.0", NULL, NULL },
	{ "EST5EDT,M0.2.0,M11.1.0", NULL, NULL },
	{ "EST5EDT,M13.2.0,M11.1.0", NULL, NULL },
	{ "EST5EDT,M3.0.0,M11.1.0", NULL, NULL },
	{ "EST5EDT,M3.6.0,M11.1.0", NULL, NULL },
	{ "EST5EDT,M3.2.7,M11.1.0", NULL, NULL },
	{ "EST5EDT,M3.2,M11.1.0", NULL, NULL },
	{ "EST5EDT,J0,M11.1.0", NULL, NULL },
	{ "EST5EDT,J366,M11.1.0", NULL, NULL },
	{ "EST5EDT,366,M11.1.0", NULL, NULL },
	{ "EST5EDT,-1,M11.1.0", NULL, NULL },
};

static const char *
noon(const struct zone *z, int month)
{
	struct zone_minute at = { 2026, month, 15, 12, 0 };
	struct zone_instant got;
	char text[MOMENT_LEN + 1];

	if (!zone_resolve(z, &at, &got) || got.rule != ZONE_EXACT)
		return "";
	moment_format(got.ms, text);
	return arena_fmt(&arena, "%.5s", text + 11);
}

static void
test_tails(void)
{
	static struct bytes b;
	struct order o = orders[0].o;
	const struct zone *z;

	for (size_t i = 0; i < COUNT(tails); i++) {
		bool good;

		o.tail = arena_fmt(&arena, "\n%s\n", tails[i].tail);
		put_file(&b, &o);
		good = parse(b.at, b.n, &z);
		T_OK(good == (tails[i].winter != NULL), "\"%s\"", tails[i].tail);
		if (good) {
			T_SAME(noon(z, 1), tails[i].winter, tails[i].tail);
			T_SAME(noon(z, 7), tails[i].summer, tails[i].tail);
		}
		arena_reset(&arena);
	}
	o.tail = arena_fmt(&arena, "\n<%0300d>0\n", 0);
	put_file(&b, &o);
	T_OK(!parse(b.at, b.n, &z), "a last line without measure");
	o.tail = "\nAAA0?\n";
	put_file(&b, &o);
	b.at[b.n - 2] = '\0';
	T_OK(!parse(b.at, b.n, &z), "a NUL in the last line");
	arena_reset(&arena);
}

/* One change a year, by the day it is on; midnight of the day of the change is a gap. */
static const struct {
	const char *day, *date;
} days[] = {
	{ "J59", "2027-02-28" },
	{ "J59", "2028-02-28" }, /* J never counts 29 February */
	{ "J60", "2027-03-01" },
	{ "J60", "2028-03-01" },
	{ "J365", "2027-12-31" },
	{ "J365", "2028-12-31" },
	{ "58", "2027-02-28" },
	{ "58", "2028-02-28" },
	{ "59", "2027-03-01" },
	{ "59", "2028-02-29" },
	{ "364", "2027-12-31" },
	{ "365", "2028-12-31" },
	{ "365", "2028-01-01" }, /* of 2027, which has none */
	{ "M2.5.1", "2027-02-22" },
	{ "M2.5.2", "2028-02-29" },
	{ "M2.1.1", "2027-02-01" },
	{ "M2.4.0", "2027-02-28" },
	{ "M12.5.5", "2027-12-31" },
	{ "M1.1.6", "2028-01-01" },
	{ "M2.5.1", "2100-02-22" },
	{ "J60", "2100-03-01" },
	{ "59", "2100-03-01" },
};

static void
test_days(void)
{
	static struct bytes b;
	struct order o = orders[0].o;
	const struct zone *z;

	for (size_t i = 0; i < COUNT(days); i++) {
		struct zone_minute at = { 0 };
		struct zone_instant got;

		o.tail = arena_fmt(&arena, "\nAAA0BBB,%s/0,M6.1.0\n", days[i].day);
		put_file(&b, &o);
		sscanf(days[i].date, "%d-%d-%d", &at.year, &at.month, &at.day);
		T_OK(parse(b.at, b.n, &z) && zone_resolve(z, &at, &got) && got.rule == ZONE_GAP,
		    "%s on %s", days[i].day, days[i].date);
		arena_reset(&arena);
	}
	o.tail = "\nAAA0BBB,J365/150,J365/120\n";
	put_file(&b, &o);
	T_OK(parse(b.at, b.n, &z), "changes of last year");
	T_OK(zone_local(z, INT64_C(1798891200000)).offset == 3600, "2027-01-02T12:00:00Z");
	T_OK(zone_local(z, INT64_C(1799150400000)).offset == 0, "2027-01-05T12:00:00Z");
	T_OK(zone_local(z, INT64_C(1799236800000)).offset == 3600, "2027-01-06T12:00:00Z");
	arena_reset(&arena);
}

/* ---- damage ---- */

static const char *const real[] = { "America/New_York", "Europe/Dublin", "Africa/Cairo",
	"Asia/Gaza", "America/Nuuk", "Pacific/Apia", "UTC" };

static void
read_real(struct bytes *b, const char *name)
{
	FILE *f = fopen(arena_fmt(&arena, "/usr/share/zoneinfo/%s", name), "re");

	if (f == NULL || (b->n = fread(b->at, 1, sizeof(b->at), f)) == 0)
		exit(2);
	fclose(f);
}

static void
test_truncation(void)
{
	static struct bytes b;
	const struct zone *z;

	for (size_t i = 0; i < COUNT(real); i++) {
		read_real(&b, real[i]);
		T_OK(parse(b.at, b.n, &z), "%s whole", real[i]);
		for (size_t n = 0; n < b.n; n++) {
			T_OK(!parse(b.at, n, &z), "%s cut at %zu", real[i], n);
			arena_reset(&arena);
		}
		b.at[b.n] = '\n';
		T_OK(!parse(b.at, b.n + 1, &z), "%s and a byte more", real[i]);
	}
}

/* Whatever a file that was taken says, there is an answer, and clocks that agree with it. */
static void
use(const struct zone *z, uint64_t *seed)
{
	for (int i = 0; i < 8; i++) {
		uint64_t r = t_random(seed);
		struct zone_minute at = { 1970 + (int)(r % 8030), 1 + (int)(r >> 16 & 0xff) % 12,
			1 + (int)(r >> 24 & 0xff) % 28, (int)(r >> 32 & 0xff) % 24,
			(int)(r >> 40 & 0xff) % 60 };
		struct zone_instant got;
		struct zone_local back;

		if (i < 4)
			at.year = 1970 + at.year % 70;
		if (!zone_resolve(z, &at, &got))
			continue;
		back = zone_local(z, got.ms);
		T_OK(got.rule == ZONE_GAP ||
			(back.year == at.year && back.month == at.month && back.day == at.day &&
			    back.hour == at.hour && back.minute == at.minute),
		    "%d-%d-%d %d:%d", at.year, at.month, at.day, at.hour, at.minute);
		zone_text(&arena, z, got.ms);
	}
}

/* One to four bytes, most often at the end, where the last line is. */
static void
damage(struct bytes *b, uint64_t *seed)
{
	for (uint64_t r = t_random(seed) % 4 + 1; r > 0; r--) {
		bool near = t_random(seed) % 2 == 0 && b->n > 40;
		size_t from_end = t_random(seed) % (near ? 40 : b->n);
		unsigned char *at = &b->at[b->n - 1 - from_end];
		uint64_t value = t_random(seed);

		if (t_random(seed) % 2 == 0)
			value = *at ^ UINT64_C(1) << value % 8;
		*at = (unsigned char)value;
	}
}

static void
test_damage(void)
{
	static struct bytes whole, b;
	const struct zone *z;
	uint64_t seed = 20261122;
	unsigned taken = 0;

	for (size_t i = 0; i < COUNT(real); i++) {
		read_real(&whole, real[i]);
		for (int round = 0; round < 3000; round++) {
			memcpy(b.at, whole.at, b.n = whole.n);
			damage(&b, &seed);
			if (parse(b.at, b.n, &z)) {
				taken++;
				use(z, &seed);
			}
			arena_reset(&arena);
		}
	}
	T_OK(taken > 1000, "%u taken", taken);
}

static void
test_noise(void)
{
	static struct bytes b;
	const struct zone *z;
	uint64_t seed = 1;

	for (int round = 0; round < 3000; round++) {
		b.n = t_random(&seed) % 300;
		for (size_t i = 0; i < b.n; i++)
			b.at[i] = (unsigned char)t_random(&seed);
		if (b.n > 5 && round % 2 == 0)
			memcpy(b.at, "TZif2", 5);
		T_OK(!parse(b.at, b.n, &z), "noise %d", round);
		arena_reset(&arena);
	}
}

int
main(void)
{
	arena_init(&arena, 1024 * 1024);
	test_orders();
	test_tails();
	test_days();
	test_truncation();
	test_damage();
	test_noise();
	arena_free(&arena);
	return T_DONE("zone_file");
}
