/* array_test - lists as PostgreSQL reads them. */
#include "array.h"

#include <string.h>

#include "scope.h"
#include "t.h"

/* A list ends with END, for NULL is an element. */
#define END "the end"

static const struct {
	const char *in[5], *want;
} cases[] = {
	{ { END }, "{}" },
	{ { "a", END }, "{\"a\"}" },
	{ { "a", "b", "c", END }, "{\"a\",\"b\",\"c\"}" },
	{ { NULL, END }, "{NULL}" },
	{ { "a", NULL, "NULL", END }, "{\"a\",NULL,\"NULL\"}" },
	{ { "", END }, "{\"\"}" },
	{ { "{a,b}", " ", END }, "{\"{a,b}\",\" \"}" },
	{ { "\"", "\\", END }, "{\"\\\"\",\"\\\\\"}" },
	{ { "a\"b\\c", "\\\"", "d\\", END }, "{\"a\\\"b\\\\c\",\"\\\\\\\"\",\"d\\\\\"}" },
	{ { "é\n", END }, "{\"é\n\"}" },
};

int
main(void)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct array x;

		array_init(&x, &a, 1);
		for (const char *const *s = cases[i].in; *s == NULL || strcmp(*s, END) != 0; s++)
			array_add(&x, *s);
		T_SAME(array_text(&x), cases[i].want, cases[i].want);
	}
	arena_free(&a);
	return T_DONE("array");
}
