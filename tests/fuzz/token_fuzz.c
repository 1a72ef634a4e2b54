/*
 * token: what is accepted has our MAC over exactly these bytes, is not over, and reads the same
 * when it is made again.  The first byte says what the rest is: a whole token, claims that we
 * sign, or changes to a good token.
 */
#include "token.h"

#include <sodium.h>

#include "fuzz.h"
#include "token_claims.h"

#define NOW     1700000100
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define HEADER  "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define KID     "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"old\"}"

static const struct token_keys keys = { 2,
	{ { "new", "0123456789abcdef0123456789abcdef" },
	    { "old", "fedcba9876543210fedcba9876543210" } } };
static const struct token good = { .user = "01234567-89ab-cdef-0123-456789abcdef",
	.session = "fedcba98-7654-3210-fedc-ba9876543210",
	.email = "owner@example.com",
	.issued = 1700000000,
	.expires = 1700086400 };

static const char *
base64url(struct arena *a, const void *bytes, size_t n)
{
	size_t len = sodium_base64_encoded_len(n, VARIANT);

	return sodium_bin2base64(arena_alloc(a, len), len, bytes, n, VARIANT);
}

/* HMAC of n bytes under key number i, in base64url; libsodium's own way in one call. */
static const char *
mac_of(struct arena *a, const char *s, size_t n, size_t i)
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256(mac, (const unsigned char *)s, n,
	    (const unsigned char *)keys.key[i].secret);
	return base64url(a, mac, sizeof(mac));
}

static const char *
signed_by(struct arena *a, const char *header, const char *claims, size_t n, size_t i)
{
	const char *s =
	    arena_fmt(a, "%s.%s", base64url(a, header, strlen(header)), base64url(a, claims, n));

	return arena_fmt(a, "%s.%s", s, mac_of(a, s, strlen(s), i));
}

static bool
is_same(const struct token *t, const struct token *u)
{
	return strcmp(t->user, u->user) == 0 && strcmp(t->session, u->session) == 0 &&
	    strcmp(t->email, u->email) == 0 && t->issued == u->issued && t->expires == u->expires;
}

static void
made_again(struct arena *a, const struct token *t)
{
	char address[EMAIL_MAX + 1];
	const char *s;
	struct token u;

	if (!text_email(t->email, strlen(t->email), address))
		return;
	s = token_make(a, t, &keys);
	HOLDS(token_check(a, s, strlen(s), &keys, NOW, &u) == TOKEN_OK && is_same(t, &u), "%s", s);
}

/* However they are read: white space before them is for the reader of any JSON. */
static void
read_both_ways(struct arena *a, const char *json, size_t n)
{
	const char *spaced = arena_fmt(a, " %.*s", (int)n, json);
	struct token t = { .user = "" }, u = { .user = "" };
	bool is_one = claims_read(a, json, n, &t);

	HOLDS(memchr(json, '\0', n) != NULL ||
		(claims_read(a, spaced, n + 1, &u) == is_one && (!is_one || is_same(&t, &u))),
	    "%s", spaced);
}

/* As libsodium does. */
static void
decoded(struct arena *a, const char *s, size_t n)
{
	unsigned char *ours = arena_alloc(a, n + 1), *theirs = arena_alloc(a, n + 1);
	size_t len = 0;
	int got = claims_decode(s, n, ours, n);
	bool is_one = text_is_ascii(s, n) &&
	    sodium_base642bin(theirs, n, s, n, NULL, &len, NULL, VARIANT) == 0;

	HOLDS((got >= 0) == is_one &&
		(got < 0 || ((size_t)got == len && memcmp(ours, theirs, len) == 0)),
	    "%.*s", (int)n, s);
}

static enum token_status
check(struct arena *a, const char *s, size_t n)
{
	struct token t = { .user = "" };
	enum token_status st = token_check(a, s, n, &keys, NOW, &t);
	size_t len = 0;

	if (st != TOKEN_OK) {
		HOLDS(t.email == NULL && t.user[0] == '\0', "written though refused");
		return st;
	}
	for (size_t i = 0; i < n; i++)
		len = s[i] == '.' ? i : len;
	HOLDS(n - len - 1 == 43 &&
		(memcmp(s + len + 1, mac_of(a, s, len, 0), 43) == 0 ||
		    memcmp(s + len + 1, mac_of(a, s, len, 1), 43) == 0),
	    "no MAC of ours: %.*s", (int)n, s);
	HOLDS(t.expires > NOW && fuzz_is_utf8(t.email, strlen(t.email)), "%.*s", (int)n, s);
	made_again(a, &t);
	return st;
}

/* Pairs of a place and a byte: a changed token is never accepted. */
static void
changed(struct arena *a, const char *s, size_t n)
{
	const char *whole = token_make(a, &good, &keys);
	size_t len = strlen(whole);
	char *copy = arena_dup(a, whole);

	for (size_t i = 0; i + 1 < n; i += 2)
		copy[(unsigned char)s[i] * 2 % len] = s[i + 1];
	HOLDS((check(a, copy, len) == TOKEN_OK) == (memcmp(copy, whole, len) == 0), "%s", copy);
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	const char *text;

	if (n == 0 || sodium_init() < 0)
		return;
	if (s[0] == 'c') {
		read_both_ways(a, s + 1, n - 1);
		text = signed_by(a, HEADER, s + 1, n - 1, 0);
		HOLDS(check(a, text, strlen(text)) != TOKEN_BAD_MAC, "our own MAC: %s", text);
		text = signed_by(a, KID, s + 1, n - 1, 1);
		HOLDS(check(a, text, strlen(text)) != TOKEN_BAD_MAC, "our old MAC: %s", text);
		text = signed_by(a, KID, s + 1, n - 1, 0);
		HOLDS(check(a, text, strlen(text)) != TOKEN_OK, "another key's MAC: %s", text);
	} else if (s[0] == 'x') {
		changed(a, s + 1, n - 1);
	} else {
		check(a, s + 1, n - 1);
		decoded(a, s + 1, n - 1);
		HOLDS(!token_is_api_key(s + 1, n - 1) ||
			n - 1 == strspn(arena_ndup(a, s + 1, n - 1), "car_gentli0123456789bdf"),
		    "a key of other letters");
	}
}
