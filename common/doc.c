#include "doc.h"

#include <assert.h>
#include <string.h>

#include "text.h"

#define COLUMNS 72 /* of the plain text; an address is never cut */

/* Dark where the reader's program is: the colours of both are named, nothing is left to guess. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{margin:0;padding:24px;background:#fff;color:#1b2426;font:16px/1.5 sans-serif}\n"
    "div{max-width:36em;margin:0 auto}\nh1{font-size:1.3em}\na{color:#0b665c}\n"
    "th{padding:0 1em 0 0;text-align:left;vertical-align:top}\ntd{overflow-wrap:anywhere}\n"
    ".code{font-size:2em;letter-spacing:.15em}\n"
    ".button{display:inline-block;padding:10px 18px;border-radius:8px;background:#0b665c;"
    "color:#fff;text-decoration:none}\n"
    ".foot{border-top:1px solid #78888b;color:#4a5a5d;font-size:.875em}\n"
    "@media (prefers-color-scheme:dark){body{background:#12191b;color:#e6eced}a{color:#7fd4c6}"
    ".button{background:#7fd4c6;color:#06211d}.foot{color:#a9b8bb}}\n"
    "</style>\n<title>";

static void
put(struct out *o, const char *s)
{
	out_raw(o, s, strlen(s));
}

/* ---- HTML: markup of ours by put(), everything else by this ---- */

static void
put_escaped(struct doc *d, const char *line)
{
	put(&d->html, text_html(d->a, line));
}

static void
put_element(struct doc *d, const char *open, const char *line, const char *close)
{
	put(&d->html, open);
	put_escaped(d, line);
	put(&d->html, close);
}

/* ---- plain text ---- */

/* Columns that n bytes take: one a character, which is near enough. */
static size_t
columns(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static void
put_spaces(struct out *o, size_t n)
{
	while (n-- > 0)
		out_raw(o, " ", 1);
}

/* line in rows of COLUMNS at most, broken at spaces; all but the first are indented. */
static void
put_wrapped(struct out *o, const char *line, size_t column, size_t indent)
{
	bool fresh = true; /* no word in this row yet */

	while (*(line += strspn(line, " ")) != '\0') {
		size_t n = strcspn(line, " "), wide = columns(line, n);

		if (!fresh && column + 1 + wide > COLUMNS) {
			put(o, "\n");
			put_spaces(o, indent);
			column = indent;
			fresh = true;
		}
		if (!fresh)
			put(o, " ");
		column += wide + !fresh;
		out_raw(o, line, n);
		line += n;
		fresh = false;
	}
	put(o, "\n");
}

/* ---- the facts, which stand in one table ---- */

static size_t
widest_label(const struct doc *d)
{
	size_t most = 0;

	for (size_t i = 0; i < d->facts; i++)
		if (columns(d->fact[i].label, strlen(d->fact[i].label)) > most)
			most = columns(d->fact[i].label, strlen(d->fact[i].label));
	return most;
}

static void
flush_facts(struct doc *d)
{
	size_t indent = widest_label(d) + 3;

	if (d->facts == 0)
		return;
	put(&d->html, "<table>\n");
	put(&d->text, "\n");
	for (size_t i = 0; i < d->facts; i++) {
		const char *label = d->fact[i].label, *value = d->fact[i].value;

		put(&d->text, label);
		put(&d->text, ":");
		put_spaces(&d->text, indent - 1 - columns(label, strlen(label)));
		put_wrapped(&d->text, value, indent, indent);
		put_element(d, "<tr><th scope=\"row\">", label, "</th>");
		put_element(d, "<td dir=\"auto\">", value, "</td></tr>\n");
	}
	put(&d->html, "</table>\n");
	d->facts = 0;
}

/* ---- what callers say ---- */

void
doc_begin(struct doc *d, struct arena *a, const char *title)
{
	const char *line = text_one_line(a, title);

	*d = (struct doc){ .a = a };
	out_init(&d->text, a, 2048);
	out_init(&d->html, a, 4096);
	put(&d->html, head);
	put_element(d, "", line, "</title>\n</head>\n<body>\n<div role=\"main\">\n");
	put_element(d, "<h1 dir=\"auto\">", line, "</h1>\n");
	put_wrapped(&d->text, line, 0, 0);
}

void
doc_say(struct doc *d, const char *text)
{
	const char *line;

	if (text == NULL)
		return;
	flush_facts(d);
	line = text_one_line(d->a, text);
	put(&d->text, "\n");
	put_wrapped(&d->text, line, 0, 0);
	put_element(d, "<p dir=\"auto\">", line, "</p>\n");
}

void
doc_code(struct doc *d, const char *code)
{
	const char *line = text_one_line(d->a, code);

	flush_facts(d);
	put(&d->text, "\n    ");
	put(&d->text, line);
	put(&d->text, "\n");
	put_element(d, "<p class=\"code\">", line, "</p>\n");
}

void
doc_fact(struct doc *d, const char *label, const char *value)
{
	if (value == NULL)
		return;
	assert(d->facts < DOC_FACTS_MAX);
	d->fact[d->facts].label = text_one_line(d->a, label);
	d->fact[d->facts++].value = text_one_line(d->a, value);
}

void
doc_button(struct doc *d, const char *words, const char *url)
{
	flush_facts(d);
	put(&d->text, arena_fmt(d->a, "\n%s:\n%s\n", words, url));
	put_element(d, "<p><a class=\"button\" href=\"", url, "\">");
	put_element(d, "", words, "</a></p>\n");
}

/* "-- " and all below it is what mail programs take for a signature. */
static void
begin_foot(struct doc *d)
{
	flush_facts(d);
	if (d->foot)
		return;
	d->foot = true;
	put(&d->text, "\n-- \n");
	put(&d->html, "<div class=\"foot\">\n");
}

void
doc_foot(struct doc *d, const char *text)
{
	const char *line = text_one_line(d->a, text);

	begin_foot(d);
	put_wrapped(&d->text, line, 0, 0);
	put_element(d, "<p dir=\"auto\">", line, "</p>\n");
}

static void
foot_link(struct doc *d, const char *words, const char *url, bool gap)
{
	begin_foot(d);
	put(&d->text, arena_fmt(d->a, "%s: %s", words, url));
	if (gap)
		d->text_gap = d->text.n;
	put(&d->text, "\n");
	put_element(d, "<p><a href=\"", url, "");
	if (gap)
		d->html_gap = d->html.n;
	put(&d->html, "\">");
	put_element(d, "", words, "</a></p>\n");
}

void
doc_foot_link(struct doc *d, const char *words, const char *url)
{
	foot_link(d, words, url, false);
}

void
doc_foot_gap(struct doc *d, const char *words, const char *url)
{
	assert(d->text_gap == 0);
	foot_link(d, words, url, true);
}

static struct doc_part
part_of(const struct doc *d, const struct out *o, size_t gap)
{
	if (gap == 0)
		return (struct doc_part){ arena_ndup(d->a, o->s, o->n), NULL };
	return (struct doc_part){ arena_ndup(d->a, o->s, gap),
		arena_ndup(d->a, o->s + gap, o->n - gap) };
}

void
doc_end(struct doc *d, struct doc_part *text, struct doc_part *html)
{
	flush_facts(d);
	put(&d->html,
	    d->foot ? "</div>\n</div>\n</body>\n</html>\n" : "</div>\n</body>\n</html>\n");
	*text = part_of(d, &d->text, d->text_gap);
	*html = part_of(d, &d->html, d->html_gap);
}
