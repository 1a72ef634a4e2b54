/* common/version: what a body and an If-Match may say of version 12. */
#include "version.h"

#include "t.h"

static const struct {
	const char *body, *header;
	bool want;
} cases[] = {
	{ NULL, NULL, true },
	{ "12", NULL, true },
	{ "1", NULL, false },
	{ "13", NULL, false },
	{ "-12", NULL, false },
	{ "", NULL, false },
	/* a header alone */
	{ NULL, "\"12\"", true },
	{ NULL, "12", true },
	{ NULL, "*", true },
	{ NULL, " \t\"12\" \t", true },
	{ NULL, "\"1\", \"12\"", true },
	{ NULL, "\"1\",\"12\",\"3\"", true },
	{ NULL, ",,\"12\"", true },
	{ NULL, "\"1\", *", true },
	{ NULL, "\"1\"", false },
	{ NULL, "\"1\", \"2\"", false },
	{ NULL, "\"121\"", false },
	{ NULL, "\"012\"", false },
	{ NULL, "\"12", false },
	{ NULL, "12\"", false },
	{ NULL, "\"\"12\"\"", false },
	{ NULL, "\"*\"", false },
	{ NULL, "\"", false },
	{ NULL, "\"\"", false },
	{ NULL, "", false },
	{ NULL, ",", false },
	{ NULL, "1 2", false },
	/* weak tags never match here (RFC 9110 13.1.1) */
	{ NULL, "W/\"12\"", false },
	{ NULL, "W/12", false },
	/* both must */
	{ "12", "\"12\"", true },
	{ "12", "\"11\"", false },
	{ "11", "\"12\"", false },
	{ "12", "*", true },
	{ "11", "*", false },
};

int
main(void)
{
	for (size_t i = 0; i < COUNT(cases); i++)
		T_OK(version_matches("12", cases[i].body, cases[i].header) == cases[i].want,
		    "%s, %s", cases[i].body != NULL ? cases[i].body : "(null)",
		    cases[i].header != NULL ? cases[i].header : "(null)");
	return T_DONE("version");
}
