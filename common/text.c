#include "text.h"

#include <inttypes.h>
#include <strings.h>

/* ASCII only, whatever the locale */
static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The value of a hex digit, or -1. */
static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Narrow [*s, *s + *n) to what is inside the white space around it. */
static void
trim(const char **s, size_t *n)
{
	for (; *n > 0 && is_blank(**s); (*n)--)
		(*s)++;
	while (*n > 0 && is_blank((*s)[*n - 1]))
		(*n)--;
}

/* ---- UTF-8 ---- */

size_t
text_char(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf; /* of the second byte */
	size_t len;

	if (n == 0 || u[0] < 0x80)
		return n > 0 && u[0] != 0;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	len = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (u[0] == 0xe0)
		low = 0xa0; /* shorter forms exist */
	else if (u[0] == 0xf0)
		low = 0x90;
	else if (u[0] == 0xed)
		high = 0x9f; /* surrogates follow */
	else if (u[0] == 0xf4)
		high = 0x8f; /* U+10FFFF is the last */
	if (n < len || u[1] < low || u[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool
text_is_utf8(const char *s, size_t n)
{
	size_t len;

	for (size_t i = 0; i < n; i += len)
		if ((len = text_char(s + i, n - i)) == 0)
			return false;
	return true;
}

bool
text_is_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] > 0x7f)
			return false;
	return true;
}

size_t
text_prefix(const char *s, size_t max)
{
	size_t i = 0;

	for (; s[i] != '\0'; i++)
		if ((s[i] & 0xc0) != 0x80 && max-- == 0)
			break;
	return i;
}

size_t
text_length(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

const char *
text_clean(struct arena *a, const char *s, size_t n)
{
	char *out = arena_ndup(a, s, n);
	size_t len;

	for (size_t i = 0; i < n; i += len == 0 ? 1 : len)
		if ((len = text_char(out + i, n - i)) == 0)
			out[i] = '?';
	return out;
}

/* ---- kinds of text ---- */

bool
text_uuid(const char *s, size_t n, char out[UUID_LEN + 1])
{
	char id[UUID_LEN + 1] = { 0 };

	if (n != UUID_LEN)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? s[i] != '-' : hex(s[i]) < 0)
			return false;
		id[i] = lower(s[i]);
	}
	memcpy(out, id, sizeof(id));
	return true;
}

/* Before the @: words between single dots. */
static bool
is_local(const char *s, size_t n)
{
	if (n == 0 || n > 64 || s[0] == '.' || s[n - 1] == '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' ? s[i + 1] == '.'
				: !is_alnum(s[i]) && strchr("!#$%&'*+/=?^_`{|}~-", s[i]) == NULL)
			return false;
	}
	return memchr(s, '\0', n) == NULL;
}

/* One part of a host name. */
static bool
is_label(const char *s, size_t n)
{
	if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool
is_domain(const char *s, size_t n)
{
	const char *dot;

	while (n > 0 && (dot = memchr(s, '.', n)) != NULL) {
		if (!is_label(s, (size_t)(dot - s)))
			return false;
		n -= (size_t)(dot - s) + 1;
		s = dot + 1;
	}
	return is_label(s, n);
}

bool
text_email(const char *s, size_t n, char out[EMAIL_MAX + 1])
{
	const char *at = n > 0 ? memchr(s, '@', n) : NULL;
	size_t local = at != NULL ? (size_t)(at - s) : 0;

	if (n > EMAIL_MAX || !is_local(s, local) || !is_domain(at + 1, n - local - 1))
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = lower(s[i]);
	out[n] = '\0';
	return true;
}

bool
text_is_link(const char *s)
{
	size_t n = strlen(s);

	if (n > TEXT_LINK_MAX || s[0] != '/' || s[1] == '/' || strstr(s, "..") != NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x21 || s[i] == 0x7f || s[i] == '\\')
			return false;
	return true;
}

/* ---- out of harm's way ---- */

/* Whether the character of len bytes at s would end a line or turn the reading order. */
static bool
is_unruly(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned c = u[0];

	if (len == 2)
		c = (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu);
	else if (len == 3)
		c = (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 || c == 0x61c ||
	    c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069);
}

const char *
text_one_line(struct arena *a, const char *s)
{
	size_t n = strlen(s), len, used = 0;
	char *out = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i += len) {
		len = text_char(s + i, n - i);
		if (len == 0) {
			len = 1;
			out[used++] = '?';
		} else if (len < 4 && is_unruly(s + i, len)) {
			out[used++] = ' ';
		} else {
			memcpy(out + used, s + i, len);
			used += len;
		}
	}
	return out;
}

static const char *
html_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

const char *
text_html(struct arena *a, const char *s)
{
	size_t n = 0;
	const char *entity;
	char *out, *to;

	for (const char *p = s; *p != '\0'; p++)
		n += (entity = html_entity(*p)) != NULL ? strlen(entity) : 1;
	to = out = arena_alloc(a, n + 1);
	for (; *s != '\0'; s++) {
		if ((entity = html_entity(*s)) != NULL)
			to = mempcpy(to, entity, strlen(entity));
		else
			*to++ = *s;
	}
	return out;
}

const char *
text_count(struct arena *a, int64_t n, const char *noun)
{
	return arena_fmt(a, "%" PRId64 " %s%s", n, noun, n == 1 ? "" : "s");
}

/* ---- query strings, cookies, lists ---- */

/* Decode n bytes of a form; a % that starts no byte stands for itself. */
static char *
form_decode(struct arena *a, const char *s, size_t n, size_t *len)
{
	char *out = arena_alloc(a, n + 1);
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%' && n - i > 2 && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
			out[used++] = (char)(hex(s[i + 1]) << 4 | hex(s[i + 2]));
			i += 2;
		} else {
			out[used++] = s[i] == '+' ? ' ' : s[i];
		}
	}
	*len = used;
	return out;
}

/* The next parameter that is not empty, as it came; false at the end. */
static bool
form_next(const char **at, const char **name, size_t *name_len, const char **value,
    size_t *value_len)
{
	const char *s = *at, *equals;
	size_t n;

	if (s == NULL)
		return false;
	s += strspn(s, "&");
	n = strcspn(s, "&");
	*at = s + n;
	equals = memchr(s, '=', n);
	*name = s;
	*name_len = equals != NULL ? (size_t)(equals - s) : n;
	*value = equals != NULL ? equals + 1 : s + n;
	*value_len = n - *name_len - (equals != NULL);
	return n > 0;
}

const char *
text_query(struct arena *a, const char *query, const char *name, size_t *len)
{
	const char *key, *value, *found = NULL;
	size_t key_len, value_len, n;

	while (form_next(&query, &key, &key_len, &value, &value_len)) {
		key = form_decode(a, key, key_len, &n);
		if (n != strlen(name) || memcmp(key, name, n) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = form_decode(a, value, value_len, len);
	}
	return found;
}

const char *
text_query_next(struct arena *a, const char **at)
{
	const char *key, *value;
	size_t key_len, value_len, n;

	if (!form_next(at, &key, &key_len, &value, &value_len))
		return NULL;
	key = form_decode(a, key, key_len, &n);
	return text_clean(a, key, n);
}

const char *
text_cookie(const char *header, const char *name, size_t *len)
{
	const char *found = NULL, *value;
	size_t want = strlen(name), n, found_len = 0;

	for (const char *s = header; s != NULL; s = *s == ';' ? s + 1 : NULL) {
		const char *pair = s;

		n = strcspn(s, ";");
		s += n;
		trim(&pair, &n);
		if (n <= want || memcmp(pair, name, want) != 0 || pair[want] != '=')
			continue;
		if (found != NULL)
			return NULL;
		value = pair + want + 1;
		found = value;
		found_len = n - want - 1;
	}
	if (found != NULL)
		*len = found_len;
	return found;
}

bool
text_has_token(const char *header, const char *token)
{
	size_t want = strlen(token), n;

	for (const char *s = header; s != NULL; s = *s == ',' ? s + 1 : NULL) {
		const char *item = s;

		n = strcspn(s, ",;");
		s += strcspn(s, ",");
		trim(&item, &n);
		if (n == want && strncasecmp(item, token, n) == 0)
			return true;
	}
	return false;
}
