#include "version.h"

#include <stddef.h>
#include <string.h>

#define SPACE " \t"

/* Whether one entry of an If-Match list, white space around it gone, is current. */
static bool
tag_matches(const char *tag, size_t n, const char *current)
{
	if (n == 1 && *tag == '*')
		return true;
	if (n >= 2 && tag[0] == '"' && tag[n - 1] == '"') {
		tag++;
		n -= 2;
	}
	return n == strlen(current) && memcmp(tag, current, n) == 0;
}

static bool
header_matches(const char *header, const char *current)
{
	const char *at = header;

	for (;;) {
		size_t n;

		at += strspn(at, SPACE);
		n = strcspn(at, ",");
		while (n > 0 && strchr(SPACE, at[n - 1]) != NULL)
			n--;
		if (tag_matches(at, n, current))
			return true;
		at += strcspn(at, ",");
		if (*at++ == '\0')
			return false;
	}
}

bool
version_matches(const char *current, const char *body, const char *header)
{
	return (body == NULL || strcmp(body, current) == 0) &&
	    (header == NULL || header_matches(header, current));
}

const char *
version_etag(struct arena *a, const char *version)
{
	return arena_fmt(a, "\"%s\"", version);
}
