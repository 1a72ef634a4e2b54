/*
 * The reader: a strict check over the bytes first, then json-c, then a comparison of what
 * json-c made with what the check counted.  The last finds what neither would alone: the same
 * key twice ("a" and "\u0061" are the same).
 */
#include "json.h"

#include <errno.h>
#include <math.h>

#include "text.h"

#define NUMBER_BYTES 128 /* of one with a fraction or an exponent */

struct tally {
	size_t values, nulls, members;
};

struct check {
	const char *s;
	size_t n, i; /* all bytes; the next one */
	int depth;
	struct tally found;
};

static bool check_value(struct check *c);

/* The next byte, 0 at the end (a NUL is nowhere allowed, so that is no loss). */
static char
peek(const struct check *c)
{
	return c->i < c->n ? c->s[c->i] : '\0';
}

static bool
take(struct check *c, char want)
{
	if (peek(c) != want)
		return false;
	c->i++;
	return true;
}

static void
skip_space(struct check *c)
{
	while (peek(c) == ' ' || peek(c) == '\t' || peek(c) == '\n' || peek(c) == '\r')
		c->i++;
}

static bool
check_word(struct check *c, const char *word)
{
	size_t n = strlen(word);

	if (c->n - c->i < n || memcmp(c->s + c->i, word, n) != 0)
		return false;
	c->i += n;
	return true;
}

/* ---- strings ---- */

/* The four digits of a \u escape, or -1. */
static int
check_hex(struct check *c)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char d = peek(c);

		if (d >= '0' && d <= '9')
			v = v * 16 + d - '0';
		else if ((d | 0x20) >= 'a' && (d | 0x20) <= 'f')
			v = v * 16 + (d | 0x20) - 'a' + 10;
		else
			return -1;
		c->i++;
	}
	return v;
}

/* After \u: a character other than NUL, or both halves of a surrogate pair. */
static bool
check_unicode(struct check *c)
{
	int v = check_hex(c);

	if (v < 0xd800 || v > 0xdfff)
		return v > 0;
	if (v > 0xdbff || !check_word(c, "\\u"))
		return false;
	v = check_hex(c);
	return v >= 0xdc00 && v <= 0xdfff;
}

static bool
check_escape(struct check *c)
{
	char e = peek(c);

	if (e == '\0' || strchr("\"\\/bfnrtu", e) == NULL)
		return false;
	c->i++;
	return e != 'u' || check_unicode(c);
}

static bool
check_string(struct check *c)
{
	size_t len;

	if (!take(c, '"'))
		return false;
	while (!take(c, '"')) {
		if (take(c, '\\')) {
			if (!check_escape(c))
				return false;
			continue;
		}
		if ((unsigned char)peek(c) < 0x20)
			return false;
		if ((len = text_char(c->s + c->i, c->n - c->i)) == 0)
			return false;
		c->i += len;
	}
	return true;
}

/* ---- numbers ---- */

static bool
skip_digits(struct check *c)
{
	size_t start = c->i;

	while (peek(c) >= '0' && peek(c) <= '9')
		c->i++;
	return c->i > start;
}

/* Whether the n bytes at s, which look like a number, have a value that we can hold. */
static bool
number_fits(const char *s, size_t n, bool whole)
{
	char text[NUMBER_BYTES];

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	errno = 0;
	/* ERANGE: too large, or so small that it would be written with hundreds of zeros */
	if (!whole)
		return isfinite(strtod(text, NULL)) && errno == 0;
	(void)strtoll(text, NULL, 10);
	return errno == 0;
}

static bool
check_number(struct check *c)
{
	size_t start = c->i;
	bool whole = true;

	take(c, '-');
	if (!take(c, '0') && !skip_digits(c))
		return false;
	if (take(c, '.')) {
		whole = false;
		if (!skip_digits(c))
			return false;
	}
	if (take(c, 'e') || take(c, 'E')) {
		whole = false;
		if (!take(c, '+'))
			take(c, '-');
		if (!skip_digits(c))
			return false;
	}
	return number_fits(c->s + start, c->i - start, whole);
}

/* ---- arrays and objects ---- */

static bool
check_member(struct check *c)
{
	c->found.members++;
	skip_space(c);
	if (!check_string(c))
		return false;
	skip_space(c);
	return take(c, ':') && check_value(c);
}

/* After the opening bracket. */
static bool
check_items(struct check *c, char end, bool (*item)(struct check *))
{
	if (++c->depth > JSON_DEPTH_MAX)
		return false;
	skip_space(c);
	if (!take(c, end)) {
		do {
			if (!item(c))
				return false;
		} while (take(c, ','));
		if (!take(c, end))
			return false;
	}
	c->depth--;
	return true;
}

/* A value and the white space around it. */
static bool
check_value(struct check *c)
{
	bool ok;

	if (++c->found.values > JSON_VALUES_MAX)
		return false;
	skip_space(c);
	switch (peek(c)) {
	case '{':
		c->i++;
		ok = check_items(c, '}', check_member);
		break;
	case '[':
		c->i++;
		ok = check_items(c, ']', check_value);
		break;
	case '"':
		ok = check_string(c);
		break;
	case 't':
		ok = check_word(c, "true");
		break;
	case 'f':
		ok = check_word(c, "false");
		break;
	case 'n':
		c->found.nulls++;
		ok = check_word(c, "null");
		break;
	default:
		ok = check_number(c);
	}
	skip_space(c);
	return ok;
}

static bool
check_text(const char *s, size_t n, struct tally *found)
{
	struct check c = { .s = s, .n = n };
	bool ok = check_value(&c) && c.i == n;

	*found = c.found;
	return ok;
}

bool
json_check(const char *s, size_t n, size_t *values, size_t *members)
{
	struct tally found;
	bool ok = check_text(s, n, &found);

	*values = found.values;
	*members = found.members;
	return ok;
}

/* ---- json-c ---- */

static void
count(json_object *v, struct tally *t)
{
	t->values++;
	if (v == NULL)
		t->nulls++;
	if (json_object_is_type(v, json_type_object)) {
		json_object_object_foreach(v, key, member)
		{
			(void)key;
			t->members++;
			count(member, t);
		}
	} else if (json_object_is_type(v, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(v); i++)
			count(json_object_array_get_idx(v, i), t);
	}
}

/* s has been checked and has no white space at its end.  The process keeps its tokener: to make one
 * of so many levels takes longer than most texts. */
static json_object *
parse(const char *s, size_t n)
{
	static struct json_tokener *t;
	json_object *v;

	if (t == NULL) {
		t = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
		json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	}
	json_tokener_reset(t);
	v = json_tokener_parse_ex(t, s, (int)n);
	if (json_tokener_get_error(t) == json_tokener_continue)
		v = json_tokener_parse_ex(t, "", 1); /* a number ends where the text does */
	return v;
}

json_object *
json_read(const char *s, size_t n, bool *ok)
{
	SCOPED(json_object_put) json_object *v = NULL;
	struct tally found, made = { 0 };

	*ok = false;
	if (n > INT32_MAX || !check_text(s, n, &found))
		return NULL;
	while (strchr(" \t\r\n", s[n - 1]) != NULL)
		n--; /* json-c takes it for a second value */
	v = parse(s, n);
	count(v, &made);
	*ok = made.values == found.values && made.nulls == found.nulls &&
	    made.members == found.members;
	return *ok ? TAKE(v) : NULL;
}
