/*
 * cursor: the first line is a cursor, the second a limit.  A cursor that is accepted is its two
 * parts put together again, and its time is one that we would print.
 */
#include "page.h"

#include "fuzz.h"
#include "text.h"

static void
cursor(struct arena *a, const char *s, size_t n)
{
	const char *at, *id, *text, *at_again, *id_again;
	char printed[MOMENT_LEN + 1];
	int64_t ms;

	if (!page_cursor(a, s, n, &at, &id))
		return;
	HOLDS(fuzz_is_utf8(s, n), "bytes that are no text");
	text = arena_fmt(a, "%s|%s", at, id);
	HOLDS(strlen(text) == n && strncasecmp(text, s, n) == 0 && memcmp(text, s, MOMENT_LEN) == 0,
	    "%s from %.*s", text, (int)n, s);
	HOLDS(page_cursor(a, text, n, &at_again, &id_again) && strcmp(at, at_again) == 0 &&
		strcmp(id, id_again) == 0,
	    "%s", text);
	HOLDS(moment_parse(at, strlen(at), &ms), "%s", at);
	moment_format(ms, printed);
	HOLDS(strcmp(printed, at) == 0, "%s prints as %s", at, printed);
}

static void
limit(const char *s)
{
	int got = page_limit(s), whole;
	size_t digits = strspn(s, "0123456789");

	HOLDS(got >= 1 && got <= PAGE_MAX, "%d of %s", got, s);
	if (digits > 0 && digits < 9 && s[digits] == '\0') {
		whole = (int)strtol(s, NULL, 10);
		whole = whole == 0 ? PAGE_DEFAULT : whole > PAGE_MAX ? PAGE_MAX : whole;
		HOLDS(got == whole, "%d of %s", got, s);
	}
	if (s[strcspn(s, "0123456789")] == '\0')
		HOLDS(got == PAGE_DEFAULT, "%d of %s", got, s);
	if (strpbrk(s, "xXnN") != NULL)
		HOLDS(got == PAGE_DEFAULT, "%d of %s", got, s);
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	const char *end = n > 0 ? memchr(s, '\n', n) : NULL;
	size_t len = end != NULL ? (size_t)(end - s) : n;

	cursor(a, s, len);
	s += len;
	n -= len;
	fuzz_take(a, &s, &n, '\n');
	limit(fuzz_take(a, &s, &n, '\n'));
}
