/* issue_test - what teams are told of their issues, in the words of each cadence. */
#include "issue.h"

#include "t.h"
#include "text.h"

static const struct {
	const char *cadence, *since;
} cadences[] = {
	{ "hourly", "the last hour's digest" }, { "6_hourly", "the last six hours' digest" },
	{ "daily", "yesterday's digest" }, { "weekly", "last week's digest" },
	{ "none", "the last digest" }, /* sent by hand */
};

static const struct {
	int64_t regressed, new;
	const char *title, *body; /* up to " since " */
} digests[] = {
	{ 0, 1, "1 new issue in P", "1 new error" },
	{ 0, 2, "2 new issues in P", "2 new errors" },
	{ 0, 1000000, "1000000 new issues in P", "1000000 new errors" },
	{ 1, 0, "1 new issue in P", "1 regression" },
	{ 2, 0, "2 new issues in P", "2 regressions" },
	{ 1, 1, "2 new issues in P", "1 regression, 1 new error" },
	{ 1, 2, "3 new issues in P", "1 regression, 2 new errors" },
	{ 2, 1, "3 new issues in P", "2 regressions, 1 new error" },
	{ 2, 2, "4 new issues in P", "2 regressions, 2 new errors" },
	{ 11, 21, "32 new issues in P", "11 regressions, 21 new errors" },
};

static void
check_digests(struct arena *a)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		T_SAME(issue_digest_title(a, digests[i].regressed + digests[i].new, "P"),
		    digests[i].title, digests[i].body);
		for (size_t k = 0; k < COUNT(cadences); k++)
			T_SAME(issue_digest_body(a, digests[i].regressed, digests[i].new,
				   cadences[k].cadence),
			    arena_fmt(a, "%s since %s.", digests[i].body, cadences[k].since),
			    cadences[k].cadence);
	}
}

static const struct {
	const char *title;
	int64_t times;
	const char *want;
} bodies[] = {
	{ "x", 1, "x" },
	{ "x", 0, "x" },
	{ "x", 2, "x ×2" },
	{ "x", 60, "x ×60" },
	{ "x", INT64_MAX, "x ×9223372036854775807" },
	{ " a\r\n\tb ", 1, "a b" },
	{ "a\xe2\x80\xa8"
	  "b",
	    2, "a b ×2" },
	{ "", 3, " ×3" },
};

static const struct {
	const char *character;
	int64_t times;
	size_t room; /* for the title */
} cuts[] = {
	{ "x", 1, 200 },
	{ "é", 1, 200 },
	{ "漢", 2, 197 },
	{ "🔔", 10, 196 },
	{ "𝒳", 1000000, 191 },
};

static void
check_bodies(struct arena *a)
{
	for (size_t i = 0; i < COUNT(bodies); i++)
		T_SAME(issue_body(a, bodies[i].title, bodies[i].times), bodies[i].want,
		    bodies[i].want);
	for (size_t i = 0; i < COUNT(cuts); i++) {
		const char *title = "", *count = "", *body;

		for (int n = 0; n < 300; n++)
			title = arena_fmt(a, "%s%s", title, cuts[i].character);
		if (cuts[i].times > 1)
			count = arena_fmt(a, " ×%lld", (long long)cuts[i].times);
		body = issue_body(a, title, cuts[i].times);
		T_SAME(body,
		    arena_fmt(a, "%.*s%s", (int)text_prefix(title, cuts[i].room), title, count),
		    cuts[i].character);
		T_OK(text_prefix(body, ISSUE_BODY_CHARS) == strlen(body), "%s", body);
	}
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 16 * 1024 * 1024);
	check_digests(&a);
	check_bodies(&a);
	T_SAME(issue_more(&a, 1), "1 more within an hour. The list has it.", "one more");
	T_SAME(issue_more(&a, 2), "2 more within an hour. The list has all of them.", "more");
	arena_free(&a);
	return T_DONE("issue");
}
