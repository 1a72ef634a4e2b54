/*
 * text: UTF-8 is what another decoder takes for it; what is made fit to show is fit, and stays as
 * it is when that is done again; what is accepted is accepted in the form that was made of it.
 */
#include "text.h"

#include "excerpt.h"
#include "fuzz.h"

static void
utf8(struct arena *a, const char *s, size_t n)
{
	const char *clean = text_clean(a, s, n);
	bool valid = fuzz_is_utf8(s, n);

	HOLDS(text_is_utf8(s, n) == valid, "%.*s", (int)n, s);
	HOLDS(fuzz_is_utf8(clean, n), "cleaned %.*s", (int)n, s);
	HOLDS((memcmp(clean, s, n) == 0) == valid, "cleaned %.*s", (int)n, s);
}

static void
line(struct arena *a, const char *s)
{
	const char *out = text_one_line(a, s), *folded = excerpt_fold(a, s), *said;
	size_t n = strlen(out);

	HOLDS(fuzz_is_utf8(out, n) && n <= strlen(s), "%s", s);
	HOLDS(strcmp(text_one_line(a, out), out) == 0, "%s", s);
	for (size_t i = 0; i < n; i++)
		HOLDS((unsigned char)out[i] >= 0x20 && out[i] != 0x7f, "%s", s);
	HOLDS(strstr(out, "\xe2\x80\xa8") == NULL && strstr(out, "\xe2\x80\xae") == NULL &&
		strstr(out, "\xc2\x85") == NULL,
	    "%s", out);
	if (!fuzz_is_utf8(s, strlen(s)))
		return;
	HOLDS(strcmp(excerpt_fold(a, folded), folded) == 0 && strstr(folded, "  ") == NULL, "%s",
	    folded);
	said = excerpt_said(a, s, s, s, 40);
	HOLDS(text_length(said) <= 40 && fuzz_is_utf8(said, strlen(said)), "%s", said);
}

static void
cut(const char *s, size_t max)
{
	size_t n = text_prefix(s, max), all = text_length(s);
	bool valid = fuzz_is_utf8(s, strlen(s));

	HOLDS(n <= strlen(s), "%s", s);
	if (!valid)
		return;
	HOLDS(fuzz_is_utf8(s, n), "half a character of %s", s);
	HOLDS(all < max ? n == strlen(s) : text_length(s) - text_length(s + n) == max, "%s at %zu",
	    s, max);
}

/* html undone again is what it was. */
static void
html(struct arena *a, const char *s)
{
	static const char *const entity[] = { "&amp;&", "&lt;<", "&gt;>", "&quot;\"", "&#39;'" };
	const char *h = text_html(a, s);

	HOLDS(strpbrk(h, "<>\"'") == NULL, "%s", h);
	for (; *h != '\0'; s++) {
		size_t len = 1;

		for (size_t i = 0; *h == '&' && i < COUNT(entity); i++) {
			size_t n = strlen(entity[i]) - 1;

			if (strncmp(h, entity[i], n) == 0 && *s == entity[i][n])
				len = n;
		}
		HOLDS(len > 1 || (*h == *s && *h != '&'), "%s", s);
		h += len;
	}
	HOLDS(*s == '\0', "left: %s", s);
}

static void
kinds(struct arena *a, const char *s, size_t n)
{
	char id[UUID_LEN + 1], again[UUID_LEN + 1], email[EMAIL_MAX + 1], address[EMAIL_MAX + 1];

	if (text_uuid(s, n, id))
		HOLDS(text_uuid(id, UUID_LEN, again) && strcmp(id, again) == 0 &&
			strncasecmp(id, s, n) == 0,
		    "%s", id);
	if (text_email(s, n, email)) {
		HOLDS(strlen(email) == n && strncasecmp(email, s, n) == 0 &&
			strpbrk(email, " \t\r\n<>,;:\"()[]\\") == NULL && fuzz_is_utf8(email, n),
		    "%s", email);
		HOLDS(text_email(email, n, address) && strcmp(email, address) == 0, "%s", email);
	}
	s = arena_ndup(a, s, n);
	if (text_is_link(s))
		HOLDS(s[0] == '/' && s[1] != '/' && strpbrk(s, " \t\r\n\\") == NULL &&
			strlen(s) <= TEXT_LINK_MAX,
		    "%s", s);
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	const char *text = arena_ndup(a, s, n);

	utf8(a, s, n);
	line(a, text);
	cut(text, n / 2);
	html(a, text);
	kinds(a, s, n);
}
