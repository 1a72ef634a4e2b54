#include "mail.h"

#include <string.h>

#include "json.h"
#include "mail_body.h"
#include "text.h"

#define LINE_SOFT  76 /* RFC 2047's limit for a line with an encoded word; RFC 5322 likes 78 */
#define FIELD_MAX  10 /* of a field's name */
#define WORD_MAX   75 /* of one encoded word */
#define WORD_FRAME 12 /* =?UTF-8?B??= */

static void
put(struct out *o, const char *s)
{
	out_raw(o, s, strlen(s));
}

/* ---- addresses ---- */

bool
mail_is_address(struct arena *a, const char *s)
{
	const char *at = strchr(s, '@');
	size_t n = strlen(s);

	/* the second argument: what has a meaning of its own in a list of addresses */
	return at != NULL && at != s && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
	    n <= EMAIL_MAX && strcspn(s, " ()<>[]:;,\\\"") == n &&
	    strcmp(text_one_line(a, s), s) == 0;
}

bool
mail_is_fit(struct arena *a, const struct letter *l)
{
	return l->subject != NULL && l->text != NULL && l->to != NULL && mail_is_address(a, l->to);
}

/* n bytes of s without the spaces and the one pair of quotes around them. */
static const char *
trimmed(struct arena *a, const char *s, size_t n)
{
	for (; n > 0 && strchr(" \t", *s) != NULL; n--)
		s++;
	while (n > 0 && strchr(" \t", s[n - 1]) != NULL)
		n--;
	if (n >= 2 && s[0] == '"' && s[n - 1] == '"')
		return arena_ndup(a, s + 1, n - 2);
	return arena_ndup(a, s, n);
}

bool
mail_sender_read(struct arena *a, const char *s, struct mail_sender *out)
{
	const char *open = strchr(s, '<'), *address = s, *name = NULL;
	size_t n = strlen(s);

	if (open != NULL) {
		if (s[n - 1] != '>')
			return false;
		address = arena_ndup(a, open + 1, (size_t)(s + n - open) - 2);
		name = text_one_line(a, trimmed(a, s, (size_t)(open - s)));
	}
	if (!mail_is_address(a, address))
		return false;
	out->address = address;
	out->name = name != NULL && *name != '\0' ? name : NULL;
	return true;
}

const char *
mail_host(struct arena *a, const char *url)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	const char *host = strstr(url, "://");
	size_t n;

	if (host == NULL)
		return "localhost";
	host += 3;
	n = strspn(host, allowed);
	/* an IPv6 address or something stranger: a Message-ID only has to be unique */
	if (n == 0 || host[0] == '.' || host[n - 1] == '.' || strchr(":/", host[n]) == NULL)
		return "localhost";
	return arena_ndup(a, host, n);
}

/* ---- header lines ---- */

static void
base64(struct out *o, const unsigned char *s, size_t n)
{
	static const char digit[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)s[i] << 16 | (i + 1 < n ? (uint32_t)s[i + 1] << 8 : 0) |
		    (i + 2 < n ? s[i + 2] : 0);
		char four[4] = { digit[v >> 18], digit[v >> 12 & 63], digit[v >> 6 & 63],
			digit[v & 63] };

		if (i + 1 >= n)
			four[2] = '=';
		if (i + 2 >= n)
			four[3] = '=';
		out_raw(o, four, 4);
	}
}

/* The longest beginning of s that has at most max bytes and ends with a whole character. */
static size_t
whole_characters(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* s as encoded words, a line each; column says how much of the first line is used. */
static void
put_words(struct out *o, const char *s, size_t column)
{
	size_t room = LINE_SOFT - column, n;

	while (*s != '\0') {
		if (room > WORD_MAX)
			room = WORD_MAX;
		n = whole_characters(s, (room - WORD_FRAME) / 4 * 3);
		put(o, "=?UTF-8?B?");
		base64(o, (const unsigned char *)s, n);
		put(o, "?=");
		s += n;
		if (*s != '\0')
			put(o, "\r\n ");
		room = LINE_SOFT - 1;
	}
}

/* Words of plain ASCII, folded at spaces. */
static void
put_folded(struct out *o, const char *s, size_t column)
{
	for (bool first = true; *s != '\0'; first = false) {
		size_t n = strcspn(s, " ");

		if (!first && column + 1 + n > LINE_SOFT) {
			put(o, "\r\n");
			column = 0;
		}
		if (!first)
			put(o, " ");
		out_raw(o, s, n);
		column += n + !first;
		s += n + strspn(s + n, " ");
	}
}

/* Whether s can stand in a header as it is: ASCII, no word that a reader would take for an encoded
 * one, none that is too long for a line. */
static bool
is_plain(const char *s)
{
	size_t word = 0;

	if (strstr(s, "=?") != NULL)
		return false;
	for (; *s != '\0'; s++) {
		word = *s == ' ' ? 0 : word + 1;
		if ((unsigned char)*s >= 0x80 || word > LINE_SOFT - FIELD_MAX)
			return false;
	}
	return true;
}

static void
put_subject(struct out *o, struct arena *a, const char *subject)
{
	static const char name[] = "Subject: ";
	const char *s = text_one_line(a, subject);

	s = arena_ndup(a, s + strspn(s, " "), strlen(s) - strspn(s, " "));
	put(o, name);
	if (is_plain(s))
		put_folded(o, s, sizeof(name) - 1);
	else
		put_words(o, s, sizeof(name) - 1);
	put(o, "\r\n");
}

static void
put_from(struct out *o, const struct mail_sender *from)
{
	static const char name[] = "From: ";

	put(o, name);
	if (from->name == NULL) {
		put(o, from->address);
		put(o, "\r\n");
		return;
	}
	if (is_plain(from->name) && strlen(from->name) < LINE_SOFT / 2) {
		put(o, "\"");
		for (const char *s = from->name; *s != '\0'; s++) {
			if (*s == '"' || *s == '\\')
				put(o, "\\");
			out_raw(o, s, 1);
		}
		put(o, "\"");
	} else
		put_words(o, from->name, sizeof(name) - 1);
	put(o, "\r\n <");
	put(o, from->address);
	put(o, ">\r\n");
}

/* The C library's own names of days and months follow the locale: these must not. */
static void
put_date(struct out *o, struct arena *a, int64_t seconds)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	put(o,
	    arena_fmt(a, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000\r\n", days + 3 * tm.tm_wday,
		tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		tm.tm_sec));
}

static void
put_header(struct out *o, const struct mail_header *h)
{
	put(o, h->name);
	put(o, ": ");
	put_folded(o, h->value, strlen(h->name) + 2);
	put(o, "\r\n");
}

const char *
mail_message(struct arena *a, const struct letter *l, size_t *n)
{
	struct out o;
	const char *boundary = arena_fmt(a, "=_%s", l->id);

	out_init(&o, a, 4096);
	put_from(&o, l->from);
	put(&o, arena_fmt(a, "To: %s\r\n", l->to));
	put_subject(&o, a, l->subject);
	put_date(&o, a, l->created);
	put(&o, arena_fmt(a, "Message-ID: <%s@%s>\r\n", l->id, l->host));
	for (size_t i = 0; i < l->nheaders; i++)
		put_header(&o, &l->headers[i]);
	put(&o, "MIME-Version: 1.0\r\n");
	put(&o,
	    arena_fmt(a, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n",
		boundary));
	mail_part(&o, a, "plain", l->text, boundary, l->seven_bit);
	mail_part(&o, a, "html", l->html != NULL ? l->html : mail_html(a, l->text), boundary,
	    l->seven_bit);
	put(&o, arena_fmt(a, "--%s--\r\n", boundary));
	*n = o.n;
	return arena_ndup(a, o.s, o.n);
}
