/*
 * query: each parameter that the walk shows is found by its name, unless it is given twice; and what
 * is found, written as a query string again, is found again.
 */
#include <ctype.h>

#include "fuzz.h"
#include "text.h"

/* n bytes, each as %XX. */
static const char *
encode(struct arena *a, const char *s, size_t n)
{
	char *out = arena_alloc(a, 3 * n + 1);

	for (size_t i = 0; i < n; i++)
		snprintf(out + 3 * i, 4, "%%%02x", (unsigned char)s[i]);
	return out;
}

/* The length of what n bytes stand for. */
static size_t
decoded(const char *s, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++, len++)
		if (s[i] == '%' && i + 2 < n && isxdigit((unsigned char)s[i + 1]) &&
		    isxdigit((unsigned char)s[i + 2]))
			i += 2;
	return len;
}

/* How many parameters there are, empty ones apart. */
static int
count(const char *query)
{
	int n = 0;

	for (; *query != '\0'; query += strcspn(query, "&")) {
		query += strspn(query, "&");
		n += *query != '\0';
	}
	return n;
}

static void
found_again(struct arena *a, const char *query, const char *name)
{
	const char *value, *again, *text, *twice;
	size_t len = 0, n = 0;

	twice = arena_fmt(a, "%s&%s", query, query);
	HOLDS(text_query(a, twice, name, &len) == NULL, "%s twice in %s", name, twice);
	if ((value = text_query(a, query, name, &len)) == NULL)
		return;
	HOLDS(value[len] == '\0' && len <= strlen(query), "%s in %s", name, query);
	text = arena_fmt(a, "&x=1&%s=%s&&", encode(a, name, strlen(name)), encode(a, value, len));
	again = text_query(a, text, name, &n);
	HOLDS(strcmp(name, "x") == 0 || (again != NULL && n == len && memcmp(again, value, n) == 0),
	    "%s", text);
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	const char *query = arena_ndup(a, s, n), *at = query, *name;
	int names = 0;

	if (n > 2000)
		return;
	while ((name = text_query_next(a, &at)) != NULL) {
		const char *end = at;
		const char *start = end;

		for (; start > query && start[-1] != '&'; start--)
			;
		HOLDS(strlen(name) == decoded(start, strcspn(start, "=&")) &&
			fuzz_is_utf8(name, strlen(name)),
		    "%s", query);
		names++;
		found_again(a, query, name);
	}
	HOLDS(names == count(query), "%d names in %s", names, query);
	found_again(a, query, "cursor");
}
