/*
 * cookie: the first line is a Cookie header, the second a list such as Prefer's.  A value is found
 * exactly when a split by semicolons finds one pair of that name, and is lost when it is given twice.
 */
#include "fuzz.h"
#include "text.h"

#define BLANK " \t"

/* How often name stands in the header; *value gets the last one. */
static int
count(struct arena *a, const char *header, const char *name, const char **value)
{
	char *rest = arena_dup(a, header), *pair, *end;
	size_t len = strlen(name);
	int n = 0;

	while ((pair = strsep(&rest, ";")) != NULL) {
		pair += strspn(pair, BLANK);
		for (end = pair + strlen(pair); end > pair && strchr(BLANK, end[-1]) != NULL;)
			*--end = '\0';
		if (strncmp(pair, name, len) == 0 && pair[len] == '=') {
			*value = pair + len + 1;
			n++;
		}
	}
	return n;
}

static void
cookie(struct arena *a, const char *header)
{
	const char *want = NULL, *got, *more;
	size_t len = 0;
	int n = count(a, header, "token", &want);

	got = text_cookie(header, "token", &len);
	HOLDS((got != NULL) == (n == 1), "%d times in %s", n, header);
	if (got != NULL)
		HOLDS(got > header && got + len <= header + strlen(header) && len == strlen(want) &&
			memcmp(got, want, len) == 0,
		    "not %s in %s", want, header);
	more = arena_fmt(a, "%s; token=added", header);
	got = text_cookie(more, "token", &len);
	HOLDS((got != NULL) == (n == 0), "added to %s", header);
	HOLDS(got == NULL || (len == 5 && memcmp(got, "added", 5) == 0), "added to %s", header);
}

static bool
is_listed(struct arena *a, const char *list, const char *token)
{
	char *rest = arena_dup(a, list), *item, *end;

	while ((item = strsep(&rest, ",")) != NULL) {
		item[strcspn(item, ";")] = '\0';
		item += strspn(item, BLANK);
		for (end = item + strlen(item); end > item && strchr(BLANK, end[-1]) != NULL;)
			*--end = '\0';
		if (strcasecmp(item, token) == 0)
			return true;
	}
	return false;
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	const char *header = fuzz_take(a, &s, &n, '\n'), *list = fuzz_take(a, &s, &n, '\n');

	cookie(a, header);
	HOLDS(text_has_token(list, "handling=strict") == is_listed(a, list, "handling=strict"),
	    "%s", list);
	HOLDS(text_has_token(arena_fmt(a, "%s,\tHandling=Strict ; x", list), "handling=strict"),
	    "added to %s", list);
}
