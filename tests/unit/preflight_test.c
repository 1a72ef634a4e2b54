/* common/preflight: every check alone and together (contract section 8). */
#include "preflight.h"

#include "t.h"

#define RULES   "[\"https://example.com/*\"]"
#define HALVES  "[{\"name\":\"A\",\"weight\":50},{\"name\":\"B\",\"weight\":50}]"
#define METRICS "[\"orders\"]"

/* passes: snippet, URL rules, variations, metrics. */
static const struct {
	bool seen;
	const char *rules, *variations, *metrics, *passes;
} cases[] = {
	{ true, RULES, HALVES, METRICS, "1111" },
	{ false, RULES, HALVES, METRICS, "0111" },
	{ true, "[]", HALVES, METRICS, "1011" },
	{ true, RULES, "[]", METRICS, "1101" },
	{ true, RULES, HALVES, "[]", "1110" },
	{ false, "[]", "[]", "[]", "0000" },
	{ false, NULL, NULL, NULL, "0000" },
	{ true, "{}", "{}", "{}", "1000" },
	{ true, "null", "7", "\"x\"", "1000" },
	{ true, "[", "[{", "", "1000" },
	{ true, "[\"a\", \"b\"]", HALVES, "[\"a\", \"b\"]", "1111" },
	/* variations */
	{ true, RULES, "[{\"name\":\"A\",\"weight\":100}]", METRICS, "1101" },
	{ true, RULES, "[{\"name\":\"A\",\"weight\":100},{\"name\":\"B\",\"weight\":0}]", METRICS,
	    "1111" },
	{ true, RULES, "[{\"name\":\"A\",\"weight\":50},{\"name\":\"B\",\"weight\":49}]", METRICS,
	    "1101" },
	{ true, RULES, "[{\"name\":\"A\",\"weight\":50},{\"name\":\"B\",\"weight\":51}]", METRICS,
	    "1101" },
	{ true, RULES, "[{\"name\":\"A\",\"weight\":0},{\"name\":\"B\",\"weight\":0}]", METRICS,
	    "1101" },
	{ true, RULES, "[{\"weight\":33},{\"weight\":33},{\"weight\":34}]", METRICS, "1111" },
	{ true, RULES, "[{\"weight\":33},{\"weight\":33},{\"weight\":33}]", METRICS, "1101" },
	{ true, RULES, "[{\"weight\":\"50\"},{\"weight\":50.0}]", METRICS, "1101" },
	{ true, RULES, "[{\"name\":\"A\"},{\"name\":\"B\",\"weight\":100}]", METRICS, "1111" },
	{ true, RULES, "[null,100]", METRICS, "1101" },
	{ true, RULES, "[[100],{\"weight\":null}]", METRICS, "1101" },
};

/* Of one that fails everything, and one that passes. */
static const struct {
	const char *rules, *variations, *metrics, *details[PREFLIGHT_CHECKS];
} words[] = {
	{ "[]", "[]", "[]",
	    { "The snippet has been seen", "No URL rule is set",
		"No variation is set, at least 2 are needed", "No metric is set" } },
	{ RULES, "[{\"weight\":100}]", METRICS,
	    { "The snippet has been seen", "1 URL rule is set",
		"1 variation is set, at least 2 are needed", "1 metric is set" } },
	{ "[1,2]", "[{\"weight\":60},{\"weight\":30}]", "[1,2,3]",
	    { "The snippet has been seen", "2 URL rules are set",
		"The variations' weights total 90, not 100", "3 metrics are set" } },
	{ "[1,2]", HALVES, "[1,2,3]",
	    { "The snippet has been seen", "2 URL rules are set",
		"2 variations are set, their weights total 100", "3 metrics are set" } },
};

static const char *const names[] = { "snippet", "url_rules", "variations", "metrics" };
_Static_assert(COUNT(names) == PREFLIGHT_CHECKS, "a name for each check");

static void
test_case(struct arena *a, size_t i)
{
	struct preflight_of of = { cases[i].seen, cases[i].rules, cases[i].variations,
		cases[i].metrics };
	struct preflight p;

	preflight_run(a, &of, &p);
	for (size_t k = 0; k < PREFLIGHT_CHECKS; k++) {
		T_OK(p.checks[k].passes == (cases[i].passes[k] == '1'), "row %zu, %s", i, names[k]);
		T_SAME(p.checks[k].name, names[k], "its name");
		T_OK(p.checks[k].detail != NULL, "row %zu, %s: its detail", i, names[k]);
	}
	T_OK(p.passes == (strcmp(cases[i].passes, "1111") == 0), "row %zu", i);
}

static void
test_words(struct arena *a, size_t i)
{
	struct preflight_of of = { true, words[i].rules, words[i].variations, words[i].metrics };
	struct preflight p;

	preflight_run(a, &of, &p);
	for (size_t k = 0; k < PREFLIGHT_CHECKS; k++)
		T_SAME(p.checks[k].detail, words[i].details[k], names[k]);
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 1024 * 1024);
	for (size_t i = 0; i < COUNT(cases); i++)
		test_case(&a, i);
	for (size_t i = 0; i < COUNT(words); i++)
		test_words(&a, i);
	arena_free(&a);
	return T_DONE("preflight");
}
