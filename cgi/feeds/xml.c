#include "cgi/feeds/xml.h"

#include <string.h>

#include "text.h"

#define UNFIT "\xef\xbf\xbd" /* U+FFFD */

static void
put(struct out *o, const char *text)
{
	out_raw(o, text, strlen(text));
}

/* What stands for the character of n bytes at s, or NULL: itself.  A parser would make one line
 * feed of CR LF, and of each of these a space in an attribute. */
static const char *
escape_of(const char *s, size_t n)
{
	switch (*s) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\t':
		return "&#9;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	}
	if ((unsigned char)*s < 0x20)
		return UNFIT;
	/* U+FFFE and U+FFFF */
	if (n == 3 && memcmp(s, "\xef\xbf", 2) == 0 && (unsigned char)s[2] >= 0xbe)
		return UNFIT;
	return NULL;
}

static void
put_escaped(struct out *o, const char *text)
{
	size_t left = strlen(text), n;

	for (; left > 0; text += n, left -= n) {
		const char *other;

		if ((n = text_char(text, left)) == 0) {
			n = 1;
			other = UNFIT;
		} else
			other = escape_of(text, n);
		if (other != NULL)
			put(o, other);
		else
			out_raw(o, text, n);
	}
}

void
xml_begin(struct out *o)
{
	put(o, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
}

void
xml_open(struct out *o, const char *name)
{
	put(o, "<");
	put(o, name);
	put(o, ">\n");
}

void
xml_close(struct out *o, const char *name)
{
	put(o, "</");
	put(o, name);
	put(o, ">\n");
}

void
xml_text(struct out *o, const char *name, const char *text)
{
	put(o, "<");
	put(o, name);
	put(o, ">");
	put_escaped(o, text);
	xml_close(o, name);
}

void
xml_empty(struct out *o, const char *name, const char *const pairs[])
{
	put(o, "<");
	put(o, name);
	for (; pairs[0] != NULL; pairs += 2) {
		put(o, " ");
		put(o, pairs[0]);
		put(o, "=\"");
		put_escaped(o, pairs[1]);
		put(o, "\"");
	}
	put(o, "/>\n");
}
