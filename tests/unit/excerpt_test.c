/* excerpt_test - what a notification quotes: one line, cut between characters. */
#include <stddef.h>

#include "excerpt.h"
#include "t.h"
#include "text.h"

static const struct {
	const char *in, *want;
} folds[] = {
	{ NULL, "" },
	{ "", "" },
	{ "a", "a" },
	{ "a b", "a b" },
	{ " \t\r\n ", "" },
	{ "  a  ", "a" },
	{ "a\n\n\nb\tc", "a b c" },
	{ "a\r\nb", "a b" },
	{ "a\001\177b", "a b" },
	{ "a\xe2\x80\xa8\xe2\x80\xa9"
	  "b",
	    "a b" },
	{ "\xe2\x80\xae"
	  "a",
	    "a" },
	{ "\xc3\xa9\xf0\x9f\x94\x94", "\xc3\xa9\xf0\x9f\x94\x94" },
};

static const struct {
	const char *in;
	size_t max;
	const char *want;
} cuts[] = {
	{ "abc", 0, "" },
	{ "abc", 2, "ab" },
	{ "abc", 3, "abc" },
	{ "abc", 9, "abc" },
	{ "\xc3\xa9\xf0\x9f\x94\x94x", 1, "\xc3\xa9" },
	{ "\xc3\xa9\xf0\x9f\x94\x94x", 2, "\xc3\xa9\xf0\x9f\x94\x94" },
};

static const struct {
	const char *name, *email, *text, *want;
} said[] = {
	{ "Ada", "ada@x", "hi", "Ada: hi" },
	{ NULL, "ada@x", "hi", "ada@x: hi" },
	{ "", "ada@x", "hi", "ada@x: hi" },
	{ " \n", "ada@x", "hi", "ada@x: hi" },
	{ NULL, NULL, "hi", "Someone: hi" },
	{ "", "", "hi", "Someone: hi" },
	{ "A\nB", NULL, " one\n\ntwo ", "A B: one two" },
};

static void
test_length(struct arena *a)
{
	char bells[4 * 300 + 1] = "";
	const char *got;

	for (size_t i = 0; i < 300; i++)
		memcpy(bells + 4 * i, "\xf0\x9f\x94\x94", 4);
	got = excerpt_said(a, "Ada", NULL, bells, 200);
	T_OK(text_length(got) == 200, "%zu characters", text_length(got));
	T_OK(strlen(got) == 5 + 4 * 195, "%zu bytes", strlen(got));
	T_OK(text_is_utf8(got, strlen(got)), "half a character");
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < COUNT(folds); i++)
		T_SAME(excerpt_fold(&a, folds[i].in), folds[i].want, folds[i].want);
	for (size_t i = 0; i < COUNT(cuts); i++)
		T_SAME(excerpt_cut(&a, cuts[i].in, cuts[i].max), cuts[i].want, cuts[i].want);
	for (size_t i = 0; i < COUNT(said); i++)
		T_SAME(excerpt_said(&a, said[i].name, said[i].email, said[i].text, 200),
		    said[i].want, said[i].want);
	test_length(&a);
	arena_free(&a);
	return T_DONE("excerpt");
}
