#include "cgi/feeds/ical.h"

#include <string.h>

#include "moment.h"
#include "text.h"

#define LINE_BYTES 75             /* without the line end */
#define UNFIT      "\xef\xbf\xbd" /* U+FFFD */

struct line {
	struct out *o;
	size_t n; /* bytes so far */
};

/* n bytes that belong together. */
static void
put(struct line *l, const char *s, size_t n)
{
	if (l->n + n > LINE_BYTES) {
		out_raw(l->o, "\r\n ", 3);
		l->n = 1;
	}
	out_raw(l->o, s, n);
	l->n += n;
}

static struct line
line_begin(struct out *o, const char *name)
{
	struct line l = { .o = o };

	put(&l, name, strlen(name));
	put(&l, ":", 1);
	return l;
}

static void
line_end(struct line *l)
{
	out_raw(l->o, "\r\n", 2);
}

/* What stands for the character at s in a TEXT, or NULL: itself. */
static const char *
escape_of(const char *s)
{
	switch (*s) {
	case '\\':
		return "\\\\";
	case ';':
		return "\\;";
	case ',':
		return "\\,";
	case '\n':
	case '\r':
		return "\\n";
	}
	return NULL;
}

/* CR LF is one line end. */
static size_t
length_of(const char *s, size_t left)
{
	return s[0] == '\r' && left > 1 && s[1] == '\n' ? 2 : text_char(s, left);
}

static void
put_value(struct line *l, const char *s, bool is_text)
{
	size_t left = strlen(s), n;

	for (; left > 0; s += n, left -= n) {
		const char *other = is_text ? escape_of(s) : NULL;

		n = length_of(s, left);
		if (other == NULL &&
		    (n == 0 || ((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f))
			other = UNFIT;
		if (other != NULL)
			put(l, other, strlen(other));
		else
			put(l, s, n);
		n = n > 0 ? n : 1;
	}
}

static void
put_line(struct out *o, const char *name, const char *value, bool is_text)
{
	struct line l = line_begin(o, name);

	put_value(&l, value, is_text);
	line_end(&l);
}

void
ical_begin(struct out *o, const char *component)
{
	ical_raw(o, "BEGIN", component);
}

void
ical_end(struct out *o, const char *component)
{
	ical_raw(o, "END", component);
}

void
ical_raw(struct out *o, const char *name, const char *value)
{
	put_line(o, name, value, false);
}

void
ical_text(struct out *o, const char *name, const char *text)
{
	put_line(o, name, text, true);
}

void
ical_texts(struct out *o, const char *name, const char *const texts[])
{
	struct line l = line_begin(o, name);

	for (size_t i = 0; texts[i] != NULL; i++) {
		if (i > 0)
			put(&l, ",", 1);
		put_value(&l, texts[i], true);
	}
	line_end(&l);
}

/* 2024-01-15T10:00:00.000Z as 20240115T100000Z */
void
ical_moment(struct out *o, const char *name, const char *pg)
{
	char at[MOMENT_LEN + 1], text[MOMENT_LEN + 1];
	size_t n = 0;

	moment_from_pg(pg, at);
	for (const char *s = at; *s != '.'; s++)
		if (*s != '-' && *s != ':')
			text[n++] = *s;
	text[n++] = 'Z';
	text[n] = '\0';
	ical_raw(o, name, text);
}
