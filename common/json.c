/* The writer.  The reader is json_read.c. */
#include "json.h"

#include "moment.h"

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Room for n more bytes: where they go. */
static char *
room(struct out *o, size_t n)
{
	size_t cap;
	char *s;

	if (n <= o->cap - o->n)
		return o->s + o->n;
	cap = o->cap > n ? 2 * o->cap : o->cap + n;
	s = arena_alloc(o->a, cap);
	if (o->n > 0)
		memcpy(s, o->s, o->n);
	o->s = s;
	o->cap = cap;
	return s + o->n;
}

/* Room for a value's n bytes and the comma before it, which is put if it is needed. */
static char *
begin(struct out *o, size_t n)
{
	char *to = room(o, n + 1);

	if (o->comma) {
		*to++ = ',';
		o->n++;
	}
	o->comma = true;
	return to;
}

/* Whether none of eight bytes is '"', '\\' or below 0x20. */
static bool
are_plain(uint64_t w)
{
	uint64_t quote = w ^ EVERY('"'), backslash = w ^ EVERY('\\');
	uint64_t below = (w - EVERY(0x20)) | (quote - EVERY(1)) | (backslash - EVERY(1));

	return (below & ~w & EVERY(0x80)) == 0;
}

/* How many bytes at s need no escape. */
static size_t
plain_run(const char *s, size_t n)
{
	size_t i = 0;
	uint64_t w;

	for (; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, s + i, sizeof(w));
		if (!are_plain(w))
			break;
	}
	while (i < n && s[i] != '"' && s[i] != '\\' && (unsigned char)s[i] >= 0x20)
		i++;
	return i;
}

/* c is one that plain_run() stops at. */
static void
escape(struct out *o, char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letter['\\' + 1] = {
		['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\f'] = 'f',
		['\r'] = 'r',
		['"'] = '"',
		['\\'] = '\\',
	};
	const char two[] = { '\\', letter[(unsigned char)c] };
	const char six[] = { '\\', 'u', '0', '0', hex[c >> 4 & 0xf], hex[c & 0xf] };

	if (two[1] != 0)
		out_raw(o, two, sizeof(two));
	else
		out_raw(o, six, sizeof(six));
}

void
out_init(struct out *o, struct arena *a, size_t expect)
{
	*o = (struct out){ .a = a };
	room(o, expect > 64 ? expect : 64);
}

void
out_raw(struct out *o, const char *s, size_t n)
{
	if (n == 0)
		return;
	memcpy(room(o, n), s, n);
	o->n += n;
}

void
out_open(struct out *o, char bracket)
{
	*begin(o, 1) = bracket;
	o->n++;
	o->comma = false;
}

void
out_close(struct out *o, char bracket)
{
	*room(o, 1) = bracket;
	o->n++;
	o->comma = true;
}

void
out_key(struct out *o, const char *key)
{
	size_t n = strlen(key);
	char *to = begin(o, n + 3);

	to[0] = '"';
	memcpy(to + 1, key, n);
	to[n + 1] = '"';
	to[n + 2] = ':';
	o->n += n + 3;
	o->comma = false;
}

/* From the first byte to escape on, and the last quote. */
static void
rest_of_text(struct out *o, const char *s, size_t n)
{
	size_t run;

	while (n > 0) {
		escape(o, *s);
		run = plain_run(s + 1, n - 1);
		out_raw(o, s + 1, run);
		s += run + 1;
		n -= run + 1;
	}
	out_raw(o, "\"", 1);
}

void
out_text(struct out *o, const char *s)
{
	size_t n, run;
	char *to;

	if (s == NULL) {
		out_json(o, NULL);
		return;
	}
	n = strlen(s);
	to = begin(o, n + 2);
	run = plain_run(s, n);
	to[0] = '"';
	memcpy(to + 1, s, run);
	o->n += run + 1;
	if (run < n) {
		rest_of_text(o, s + run, n - run);
		return;
	}
	to[n + 1] = '"';
	o->n++;
}

void
out_int(struct out *o, int64_t v)
{
	char digits[20], *s = digits + sizeof(digits);
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

	do
		*--s = (char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (v < 0)
		*--s = '-';
	begin(o, sizeof(digits));
	out_raw(o, s, (size_t)(digits + sizeof(digits) - s));
}

void
out_bool(struct out *o, bool v)
{
	out_json(o, v ? "true" : "false");
}

void
out_json(struct out *o, const char *json)
{
	size_t n;

	if (json == NULL)
		json = "null";
	n = strlen(json);
	memcpy(begin(o, n), json, n);
	o->n += n;
}

void
out_moment(struct out *o, const char *pg)
{
	char *to;

	if (pg == NULL) {
		out_json(o, NULL);
		return;
	}
	to = begin(o, MOMENT_LEN + 2);
	moment_from_pg(pg, to + 1); /* its NUL is where the last quote goes */
	to[0] = to[MOMENT_LEN + 1] = '"';
	o->n += MOMENT_LEN + 2;
}
