#include "mail_body.h"

#include <string.h>

#include "text.h"

#define LINE_HARD   998 /* RFC 5322, without CRLF */
#define LINE_QUOTED 76  /* RFC 2045 for quoted-printable */

/*
 * text with CRLF after every line, whichever ends it had, and with a space for each other control
 * character.  *longest gets the length of the longest line.
 */
static const char *
lines(struct arena *a, const char *text, size_t *longest)
{
	struct out o;
	size_t line = 0;

	out_init(&o, a, strlen(text) + 64);
	*longest = 0;
	for (const char *s = text; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\r' || c == '\n') {
			if (c == '\r' && s[1] == '\n')
				s++;
			out_raw(&o, "\r\n", 2);
			line = 0;
			continue;
		}
		out_raw(&o, (c < 0x20 && c != '\t') || c == 0x7f ? " " : s, 1);
		if (++line > *longest)
			*longest = line;
	}
	if (line > 0)
		out_raw(&o, "\r\n", 2);
	return arena_ndup(a, o.s, o.n);
}

/* Text that came from lines(), in lines of at most 76 bytes. */
static void
quoted_printable(struct out *o, const char *s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t column = 0; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		char code[3] = { '=', hex[c >> 4], hex[c & 15] };
		bool as_is = c == '\t' || (c >= 0x20 && c < 0x7f && c != '=');

		if (c == '\r') {
			out_raw(o, "\r\n", 2);
			s++;
			column = 0;
			continue;
		}
		if ((c == ' ' || c == '\t') &&
		    s[1] == '\r') /* would be lost at the end of a line */
			as_is = false;
		if (column + (as_is ? 1 : 3) > LINE_QUOTED - 1) {
			out_raw(o, "=\r\n", 3);
			column = 0;
		}
		out_raw(o, as_is ? s : code, as_is ? 1 : 3);
		column += as_is ? 1 : 3;
	}
}

void
mail_part(struct out *o, struct arena *a, const char *subtype, const char *text,
    const char *boundary, bool seven_bit)
{
	size_t longest;
	const char *s = lines(a, text, &longest);
	/* quoted-printable never holds "=_", which the boundary begins with */
	bool quote = longest > LINE_HARD || strstr(s, boundary) != NULL ||
	    (seven_bit && !text_is_ascii(s, strlen(s)));
	const char *head = arena_fmt(a,
	    "--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    boundary, subtype, quote ? "quoted-printable" : "8bit");

	out_raw(o, head, strlen(head));
	if (quote)
		quoted_printable(o, s);
	else
		out_raw(o, s, strlen(s));
	out_raw(o, "\r\n", 2);
}

const char *
mail_html(struct arena *a, const char *text)
{
	return arena_fmt(a,
	    "<!DOCTYPE html>\n<html><body><div style=\"white-space: pre-wrap\">%s</div></body></html>\n",
	    text_html(a, text));
}
