/* common/page: the table of limits, cursors, where a page ends. */
#include "page.h"

#include "db_lane.h" /* to make rows without a database */

#include "t.h"

#define AT "2024-01-15T10:00:00.000Z"
#define ID "01234567-89ab-cdef-0123-456789abcdef"

static struct arena scratch;

static const struct {
	const char *text;
	int limit;
} limits[] = {
	{ NULL, 50 },
	{ "1", 1 },
	{ "20", 20 },
	{ "50", 50 },
	{ "200", 200 },
	{ "201", 200 },
	{ "1000000", 200 },
	{ "99999999999999999999999999999999", 200 },
	{ "0", 50 },
	{ "00", 50 },
	{ "007", 7 },
	{ "-0", 50 },
	{ "-1", 1 },
	{ "-200", 1 },
	{ "-99999999999999999999999", 1 },
	{ "+20", 20 },
	/* a fraction is cut, then looked at */
	{ "1.9", 1 },
	{ "1.", 1 },
	{ "0.5", 50 },
	{ ".5", 50 },
	{ "-0.5", 50 },
	{ "-1.5", 1 },
	{ "200.9", 200 },
	{ "7.5.1", 50 },
	/* exponents */
	{ "1e2", 100 },
	{ "1E2", 100 },
	{ "1e+2", 100 },
	{ "250e-1", 25 },
	{ "1e-1", 50 },
	{ "1e400", 200 },
	{ "-1e400", 1 },
	{ "1e-400", 50 },
	{ "0e999", 50 },
	{ "1e", 50 },
	{ "1e+", 50 },
	{ "1e5.5", 50 },
	{ "e5", 50 },
	/* no numbers */
	{ "", 50 },
	{ " ", 50 },
	{ "   ", 50 },
	{ "abc", 50 },
	{ "20abc", 50 },
	{ "abc20", 50 },
	{ "2 0", 50 },
	{ "- 1", 50 },
	{ "--1", 50 },
	{ "+-1", 50 },
	{ "-", 50 },
	{ "+", 50 },
	{ ".", 50 },
	{ "-.", 50 },
	{ "1,000", 50 },
	{ "0x10", 50 },
	{ "0b1", 50 },
	{ "1_0", 50 },
	{ "inf", 50 },
	{ "-inf", 50 },
	{ "Infinity", 50 },
	{ "nan", 50 },
	{ "NaN", 50 },
	{ "null", 50 },
	{ "true", 50 },
	{ "\xd9\xa1\xd9\xa2", 50 }, /* Arabic digits */
	{ " 20", 20 },
	{ "20 ", 20 },
	{ "\t20\t", 20 },
	{ "20\n", 50 },
};

static const struct {
	const char *query;
	int status;
	const char *at, *id, *fetch;
} reads[] = {
	{ NULL, 0, "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff", "51" },
	{ "", 0, "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff", "51" },
	{ "limit=2", 0, "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff", "3" },
	{ "limit=500", 0, "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff", "201" },
	{ "limit=2&limit=3", 0, "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff", "51" },
	{ "limit=2%00", 0, "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff", "51" },
	{ "limit=+2", 0, "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff", "3" },
	{ "cursor=" AT "|" ID, 0, AT, ID, "51" },
	{ "cursor=" AT "%7c" ID "&limit=1", 0, AT, ID, "2" },
	{ "cursor=2024-01-15T10%3A00%3A00.000Z%7C01234567-89AB-CDEF-0123-456789ABCDEF", 0, AT, ID,
	    "51" },
	{ "cursor=x&cursor=y", 0, "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff", "51" },
	{ "cursor=", 400, NULL, NULL, NULL },
	{ "cursor", 400, NULL, NULL, NULL },
	{ "cursor=null", 400, NULL, NULL, NULL },
	{ "cursor=" AT, 400, NULL, NULL, NULL },
	{ "cursor=" AT "|", 400, NULL, NULL, NULL },
	{ "cursor=|" ID, 400, NULL, NULL, NULL },
	{ "cursor=" AT "|null", 400, NULL, NULL, NULL },
	{ "cursor=" AT "||" ID, 400, NULL, NULL, NULL },
	{ "cursor=" AT "+" ID, 400, NULL, NULL, NULL },
	{ "cursor=" AT "|" ID "+", 400, NULL, NULL, NULL },
	{ "cursor=+" AT "|" ID, 400, NULL, NULL, NULL },
	{ "cursor=" AT "|" ID "%00", 400, NULL, NULL, NULL },
	{ "cursor=" AT "%00" ID, 400, NULL, NULL, NULL },
	{ "cursor=2024-02-30T10:00:00.000Z|" ID, 400, NULL, NULL, NULL },
	{ "cursor=2024-01-15T10:00:00Z|" ID, 400, NULL, NULL, NULL },
	{ "cursor=2024-01-15T10:00:00.000000Z|" ID, 400, NULL, NULL, NULL },
	{ "cursor=2024-01-15 10:00:00.000Z|" ID, 400, NULL, NULL, NULL },
	{ "cursor=infinity|" ID, 400, NULL, NULL, NULL },
	{ "cursor=' OR 1=1 --", 400, NULL, NULL, NULL },
};

static void
test_read(void)
{
	for (size_t i = 0; i < COUNT(reads); i++) {
		struct req rq = { .a = &scratch, .query = reads[i].query };
		struct reply rp = { .status = 0 };
		const char *what = reads[i].query != NULL ? reads[i].query : "no query";
		struct page p;

		T_OK(page_read(&rq, &rp, &p) == reads[i].status, "%s", what);
		T_OK(rp.status == reads[i].status, "%s", what);
		if (rp.status == 400)
			T_SAME(arena_ndup(&scratch, rp.body.s, rp.body.n),
			    "{\"error\":\"Invalid cursor\"}", what);
		if (reads[i].status != 0)
			continue;
		T_SAME(p.at, reads[i].at, what);
		T_SAME(p.id, reads[i].id, what);
		T_SAME(p.fetch, reads[i].fetch, what);
		T_OK(strtol(p.fetch, NULL, 10) == p.limit + 1, "%s", what);
	}
}

static struct db_rows *
rows_of(int n, bool first_null)
{
	static char at_name[] = "created_at", id_name[] = "id";
	PGresAttDesc columns[] = { { .name = at_name }, { .name = id_name } };
	PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	char at[] = "2024-01-15 10:00:00.12+00", id[] = ID;

	if (res == NULL || !PQsetResultAttrs(res, 2, columns))
		abort();
	for (int i = 0; i < n; i++) {
		bool null = i == 0 && first_null;

		id[35] = (char)('0' + i % 10);
		if (!PQsetvalue(res, i, 0, null ? NULL : at, null ? -1 : (int)strlen(at)) ||
		    !PQsetvalue(res, i, 1, null ? NULL : id, null ? -1 : (int)strlen(id)))
			abort();
	}
	return rows_new(res);
}

static void
test_end(void)
{
	static const struct {
		const char *what;
		int rows, limit;
		bool first_null;
		int shown;
		const char *close;
	} ends[] = {
		{ "no rows", 0, 2, false, 0, "],\"c\":null,\"m\":false" },
		{ "no rows beside a counter", 1, 2, true, 0, "],\"c\":null,\"m\":false" },
		{ "no rows beside a counter, limit 1", 1, 1, true, 0, "],\"c\":null,\"m\":false" },
		{ "one", 1, 2, false, 1, "],\"c\":null,\"m\":false" },
		{ "just full", 2, 2, false, 2, "],\"c\":null,\"m\":false" },
		{ "one more", 3, 2, false, 2,
		    "],\"c\":\"2024-01-15T10:00:00.120Z|01234567-89ab-cdef-0123-456789abcde1\",\"m\":true" },
		{ "one more than one", 2, 1, false, 1,
		    "],\"c\":\"2024-01-15T10:00:00.120Z|01234567-89ab-cdef-0123-456789abcde0\",\"m\":true" },
	};

	for (size_t i = 0; i < COUNT(ends); i++) {
		SCOPED(rows_free) struct db_rows *rows = rows_of(ends[i].rows, ends[i].first_null);
		struct page p = { .limit = ends[i].limit };
		struct out o;
		bool more;
		int shown = page_shown(&p, rows, &more);

		T_OK(shown == ends[i].shown, "%s: %d", ends[i].what, shown);
		out_init(&o, &scratch, 0);
		page_close(&o, rows, shown, more, "c", "m");
		T_SAME(arena_ndup(&scratch, o.s, o.n), ends[i].close, ends[i].what);
	}
}

int
main(void)
{
	arena_init(&scratch, 1024 * 1024);
	for (size_t i = 0; i < COUNT(limits); i++)
		T_OK(page_limit(limits[i].text) == limits[i].limit, "\"%s\": %d",
		    limits[i].text != NULL ? limits[i].text : "(null)", page_limit(limits[i].text));
	test_read();
	test_end();
	arena_free(&scratch);
	return T_DONE("page");
}
