/* common/moment: days that exist, years at both ends, offsets, decimals; round trips. */
#include "moment.h"

#include "t.h"

static const struct {
	const char *text;
	bool exact;       /* our own form */
	const char *read; /* what moment_parse makes of it; NULL: refused */
} texts[] = {
	{ "2024-01-15T10:00:00.000Z", true, "2024-01-15T10:00:00.000Z" },
	{ "1970-01-01T00:00:00.000Z", true, "1970-01-01T00:00:00.000Z" },
	{ "1969-12-31T23:59:59.999Z", true, "1969-12-31T23:59:59.999Z" },
	{ "0001-01-01T00:00:00.000Z", true, "0001-01-01T00:00:00.000Z" },
	{ "9999-12-31T23:59:59.999Z", true, "9999-12-31T23:59:59.999Z" },
	{ "0000-12-31T23:59:59.999Z", false, NULL },
	{ "10000-01-01T00:00:00.000Z", false, NULL },
	/* days */
	{ "2024-02-29T00:00:00.000Z", true, "2024-02-29T00:00:00.000Z" },
	{ "2023-02-29T00:00:00.000Z", false, NULL },
	{ "2000-02-29T00:00:00.000Z", true, "2000-02-29T00:00:00.000Z" },
	{ "1900-02-29T00:00:00.000Z", false, NULL },
	{ "2024-02-30T00:00:00.000Z", false, NULL },
	{ "2024-04-31T00:00:00.000Z", false, NULL },
	{ "2024-12-31T00:00:00.000Z", true, "2024-12-31T00:00:00.000Z" },
	{ "2024-12-32T00:00:00.000Z", false, NULL },
	{ "2024-01-00T00:00:00.000Z", false, NULL },
	{ "2024-00-10T00:00:00.000Z", false, NULL },
	{ "2024-13-10T00:00:00.000Z", false, NULL },
	/* times of day */
	{ "2024-01-15T23:59:59.999Z", true, "2024-01-15T23:59:59.999Z" },
	{ "2024-01-15T24:00:00.000Z", false, NULL },
	{ "2024-01-15T10:60:00.000Z", false, NULL },
	{ "2016-12-31T23:59:60.000Z", false, NULL },
	/* decimals */
	{ "2024-01-15T10:00:00Z", false, "2024-01-15T10:00:00.000Z" },
	{ "2024-01-15T10:00:00.1Z", false, "2024-01-15T10:00:00.100Z" },
	{ "2024-01-15T10:00:00.12Z", false, "2024-01-15T10:00:00.120Z" },
	{ "2024-01-15T10:00:00.1239Z", false, "2024-01-15T10:00:00.123Z" },
	{ "2024-01-15T10:00:00.999999999Z", false, "2024-01-15T10:00:00.999Z" },
	{ "2024-01-15T10:00:00.0000000000Z", false, NULL },
	{ "2024-01-15T10:00:00.Z", false, NULL },
	{ "2024-01-15T10:00:00,000Z", false, NULL },
	{ "1969-12-31T23:59:59.9999Z", false, "1969-12-31T23:59:59.999Z" },
	/* offsets */
	{ "2024-01-15T10:00:00+00:00", false, "2024-01-15T10:00:00.000Z" },
	{ "2024-01-15T10:00:00-00:00", false, "2024-01-15T10:00:00.000Z" },
	{ "2024-01-15T10:00:00+05:30", false, "2024-01-15T04:30:00.000Z" },
	{ "2024-01-15T10:00:00.5-08:00", false, "2024-01-15T18:00:00.500Z" },
	{ "2024-03-01T01:00:00+02:00", false, "2024-02-29T23:00:00.000Z" },
	{ "2023-12-31T23:00:00-23:59", false, "2024-01-01T22:59:00.000Z" },
	{ "2024-01-15T10:00:00+24:00", false, NULL },
	{ "2024-01-15T10:00:00+05:60", false, NULL },
	{ "2024-01-15T10:00:00+0530", false, NULL },
	{ "2024-01-15T10:00:00+05", false, NULL },
	{ "2024-01-15T10:00:00", false, NULL },
	{ "2024-01-15T10:00:00.000", false, NULL },
	{ "0001-01-01T00:00:00+00:01", false, NULL },
	{ "0001-01-01T00:00:00-00:01", false, "0001-01-01T00:01:00.000Z" },
	{ "9999-12-31T23:59:00-00:01", false, NULL },
	/* small letters, other separators, dirt */
	{ "2024-01-15t10:00:00.000z", false, "2024-01-15T10:00:00.000Z" },
	{ "2024-01-15 10:00:00.000Z", false, "2024-01-15T10:00:00.000Z" },
	{ "2024-01-15_10:00:00.000Z", false, NULL },
	{ "2024/01/15T10:00:00.000Z", false, NULL },
	{ "2024-01-15T10:00:00.000Z ", false, NULL },
	{ " 2024-01-15T10:00:00.00Z", false, NULL },
	{ "2024-01-15T10:00:00.000ZZ", false, NULL },
	{ "2024-01-15T10:00:00.00aZ", false, NULL },
	{ "+024-01-15T10:00:00.000Z", false, NULL },
	{ "2024-1-15T10:00:00.0000Z", false, NULL },
	{ "2024-01-15T10:00.000000Z", false, NULL },
	{ "-024-01-15T10:00:00.000Z", false, NULL },
	{ "2024-01-15", false, NULL },
	{ "now", false, NULL },
	{ "infinity", false, NULL },
	{ "", false, NULL },
};

static const struct {
	const char *pg, *text;
} from_pg[] = {
	{ "2024-01-15 10:00:00.12+00", "2024-01-15T10:00:00.120Z" },
	{ "2024-01-15 10:00:00+00", "2024-01-15T10:00:00.000Z" },
	{ "2024-01-15 10:00:00.001+00", "2024-01-15T10:00:00.001Z" },
	{ "2024-01-15 23:59:59.9+00", "2024-01-15T23:59:59.900Z" },
};

static const struct {
	int64_t ms;
	const char *text;
} instants[] = {
	{ 0, "1970-01-01T00:00:00.000Z" },
	{ -1, "1969-12-31T23:59:59.999Z" },
	{ INT64_C(951782400000), "2000-02-29T00:00:00.000Z" },
	{ INT64_C(1709164800000), "2024-02-29T00:00:00.000Z" },
	{ INT64_C(-62135596800000), "0001-01-01T00:00:00.000Z" },
	{ INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
};

static void
test_texts(void)
{
	char out[MOMENT_LEN + 1];

	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *s = texts[i].text;
		int64_t ms = 42;
		bool ok = moment_parse(s, strlen(s), &ms);

		T_OK(moment_is_exact(s, strlen(s)) == texts[i].exact, "%s", s);
		T_OK(ok == (texts[i].read != NULL), "%s", s);
		T_OK(ok || ms == 42, "%s: written though refused", s);
		if (ok) {
			moment_format(ms, out);
			T_SAME(out, texts[i].read, s);
		}
	}
}

/* Every year's every month end, and days at random, there and back. */
static void
test_round_trips(void)
{
	const int64_t first = INT64_C(-62135596800000), span = INT64_C(315537897600000);
	char out[MOMENT_LEN + 1], again[MOMENT_LEN + 1], last[MOMENT_LEN + 1] = "";
	uint64_t seed = 1;
	int64_t back;

	for (int64_t day = 0; day < span / 86400000; day += 11) {
		moment_format(first + day * 86400000, out);
		T_OK(moment_parse(out, MOMENT_LEN, &back) && back == first + day * 86400000, "%s",
		    out);
		T_OK(strcmp(last, out) < 0, "%s after %s", out, last);
		memcpy(last, out, sizeof(last));
	}
	for (int i = 0; i < 20000; i++) {
		int64_t ms = first + (int64_t)(t_random(&seed) % (uint64_t)span);

		moment_format(ms, out);
		T_OK(moment_is_exact(out, MOMENT_LEN), "%s", out);
		T_OK(moment_parse(out, MOMENT_LEN, &back) && back == ms, "%s", out);
		moment_format(back, again);
		T_SAME(again, out, "again");
	}
}

int
main(void)
{
	char out[MOMENT_LEN + 1];
	int64_t ms;

	test_texts();
	for (size_t i = 0; i < COUNT(from_pg); i++) {
		moment_from_pg(from_pg[i].pg, out);
		T_SAME(out, from_pg[i].text, from_pg[i].pg);
	}
	for (size_t i = 0; i < COUNT(instants); i++) {
		moment_format(instants[i].ms, out);
		T_SAME(out, instants[i].text, "format");
	}
	for (size_t n = 0; n < MOMENT_LEN; n++) {
		T_OK(!moment_is_exact("2024-01-15T10:00:00.000Z", n), "first %zu bytes", n);
		T_OK(!moment_parse("2024-01-15T10:00:00.000Z", n, &ms), "first %zu bytes", n);
	}
	test_round_trips();
	return T_DONE("moment");
}
