#include "token.h"

#include <assert.h>
#include <sodium.h>

#include "crypto.h"
#include "json.h"
#include "token_claims.h"

#define VARIANT      sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define DIGEST_BYTES 16
#define HEADER_BYTES 160 /* of one in base64url */
#define MAC_BYTES    TOKEN_MAC_BYTES
#define PLAIN_HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" /* {"alg":"HS256","typ":"JWT"} */
#define API_RANDOM   24                                     /* bytes behind an API key's prefix */

static void
hmac(const char *key, const char *s, size_t n, unsigned char mac[MAC_BYTES])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, (const unsigned char *)key, strlen(key));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)s, n);
	crypto_auth_hmacsha256_final(&st, mac);
}

/* The first part of a token with that kid, which needs no escape in JSON. */
static void
header_of(const char *kid, char out[HEADER_BYTES])
{
	char json[32 + 16 + TOKEN_KID_MAX];
	int n;

	if (kid == NULL || kid[0] == '\0') {
		memcpy(out, PLAIN_HEADER, sizeof(PLAIN_HEADER));
		return;
	}
	n = snprintf(json, sizeof(json), "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", kid);
	assert(n > 0 && (size_t)n < sizeof(json));
	sodium_bin2base64(out, HEADER_BYTES, (unsigned char *)json, (size_t)n, VARIANT);
}

static bool
is_text(const char *want, const char *s, size_t n)
{
	return strlen(want) == n && memcmp(want, s, n) == 0;
}

/* Whether the n bytes of header are one that key number i signs under. */
static bool
header_is(const struct token_keys *keys, size_t i, const char *header, size_t n)
{
	char want[HEADER_BYTES];

	if (i == 0 && is_text(PLAIN_HEADER, header, n))
		return true;
	header_of(keys->key[i].kid, want);
	return is_text(want, header, n);
}

/* Where the parts of a token are in its text. */
struct parts {
	const char *header, *claims, *mac;
	size_t header_len, claims_len, mac_len, signed_len;
};

static bool
split(const char *text, size_t n, struct parts *p)
{
	const char *first, *second;

	if (n > TOKEN_TEXT_MAX || (first = memchr(text, '.', n)) == NULL)
		return false;
	p->header = text;
	p->header_len = (size_t)(first - text);
	p->claims = first + 1;
	n -= p->header_len + 1;
	if ((second = memchr(p->claims, '.', n)) == NULL)
		return false;
	p->claims_len = (size_t)(second - p->claims);
	p->signed_len = (size_t)(second - text);
	p->mac = second + 1;
	p->mac_len = n - p->claims_len - 1;
	return true;
}

/* The MAC is that of one of the keys whose header this is. */
static enum token_status
check_mac(const struct parts *p, const struct token_keys *keys)
{
	unsigned char mac[MAC_BYTES], want[MAC_BYTES];
	enum token_status st = TOKEN_BAD_HEADER;

	if (claims_decode(p->mac, p->mac_len, mac, sizeof(mac)) != sizeof(mac))
		return TOKEN_MALFORMED;
	for (size_t i = 0; i < keys->n; i++) {
		if (!header_is(keys, i, p->header, p->header_len))
			continue;
		hmac(keys->key[i].secret, p->header, p->signed_len, want);
		if (sodium_memcmp(mac, want, sizeof(mac)) == 0)
			return TOKEN_OK;
		st = TOKEN_BAD_MAC;
	}
	return st;
}

static enum token_status
read_parts(struct arena *a, const struct parts *p, int64_t now, struct token *out)
{
	unsigned char json[TOKEN_TEXT_MAX];
	struct token t = { .user = "" };
	int len = claims_decode(p->claims, p->claims_len, json, sizeof(json));

	if (len < 0 || !claims_read(a, (const char *)json, (size_t)len, &t))
		return TOKEN_MALFORMED;
	if (t.expires <= now)
		return TOKEN_EXPIRED;
	*out = t;
	return TOKEN_OK;
}

enum token_status
token_read(struct arena *a, const char *text, size_t n, int64_t now, struct token *out)
{
	struct parts p;

	return split(text, n, &p) ? read_parts(a, &p, now, out) : TOKEN_MALFORMED;
}

enum token_status
token_check(struct arena *a, const char *text, size_t n, const struct token_keys *keys, int64_t now,
    struct token *out)
{
	enum token_status st;
	struct parts p;

	crypto_ready();
	if (!split(text, n, &p))
		return TOKEN_MALFORMED;
	st = check_mac(&p, keys);
	return st == TOKEN_OK ? read_parts(a, &p, now, out) : st;
}

/* "." and n bytes in base64url, added to the text of *used bytes at s. */
static void
add_part(char s[TOKEN_TEXT_MAX + 1], size_t *used, const void *bytes, size_t n)
{
	assert(*used + 1 + sodium_base64_ENCODED_LEN(n, VARIANT) <= TOKEN_TEXT_MAX + 1);
	s[(*used)++] = '.';
	sodium_bin2base64(s + *used, TOKEN_TEXT_MAX + 1 - *used, bytes, n, VARIANT);
	*used += strlen(s + *used);
}

const char *
token_make(struct arena *a, const struct token *t, const struct token_keys *keys)
{
	char s[TOKEN_TEXT_MAX + 1];
	unsigned char mac[MAC_BYTES];
	struct out claims;
	size_t n;

	crypto_ready();
	assert(keys->n > 0);
	out_init(&claims, a, 512);
	out_open(&claims, '{');
	out_key(&claims, "sub");
	out_text(&claims, t->user);
	out_key(&claims, "email");
	out_text(&claims, t->email);
	out_key(&claims, "iat");
	out_int(&claims, t->issued);
	out_key(&claims, "exp");
	out_int(&claims, t->expires);
	out_key(&claims, "jti");
	out_text(&claims, t->session);
	out_close(&claims, '}');
	header_of(keys->key[0].kid, s);
	n = strlen(s);
	add_part(s, &n, claims.s, claims.n);
	hmac(keys->key[0].secret, s, n, mac);
	add_part(s, &n, mac, sizeof(mac));
	return arena_ndup(a, s, n);
}

/* Bytes as PostgreSQL writes a bytea. */
static const char *
bytea(struct arena *a, const unsigned char *bytes, size_t n)
{
	char *s = arena_alloc(a, 2 + 2 * n + 1);

	s[0] = '\\';
	s[1] = 'x';
	sodium_bin2hex(s + 2, 2 * n + 1, bytes, n);
	return s;
}

const char *
token_hash(struct arena *a, const char *secret)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)secret, strlen(secret));
	return bytea(a, hash, sizeof(hash));
}

const char *
token_digest(struct arena *a, const char *s, size_t n)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char *hex = arena_alloc(a, DIGEST_BYTES * 2 + 1);

	crypto_hash_sha256(hash, (const unsigned char *)s, n);
	return sodium_bin2hex(hex, DIGEST_BYTES * 2 + 1, hash, DIGEST_BYTES);
}

const char *
token_tag(struct arena *a, const char *s, size_t n)
{
	static const unsigned char same_in_all_processes[crypto_shorthash_siphashx24_KEYBYTES];
	unsigned char hash[crypto_shorthash_siphashx24_BYTES];
	char hex[sizeof(hash) * 2 + 1];

	crypto_shorthash_siphashx24(hash, (const unsigned char *)s, n, same_in_all_processes);
	return arena_fmt(a, "\"%s\"", sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)));
}

void
token_hmac(const char *key, const char *const texts[], unsigned char mac[TOKEN_MAC_BYTES])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, (const unsigned char *)key, strlen(key));
	for (; *texts != NULL; texts++)
		crypto_auth_hmacsha256_update(&st, (const unsigned char *)*texts,
		    strlen(*texts) + 1);
	crypto_auth_hmacsha256_final(&st, mac);
}

const char *
token_mac(struct arena *a, const char *key, const char *const texts[])
{
	unsigned char mac[MAC_BYTES];

	token_hmac(key, texts, mac);
	return bytea(a, mac, sizeof(mac));
}

const char *
token_api_key(struct arena *a, const char *prefix)
{
	unsigned char bytes[API_RANDOM];
	char hex[2 * API_RANDOM + 1];

	crypto_ready();
	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(hex, sizeof(hex), bytes, sizeof(bytes));
	return arena_fmt(a, "%s%s", prefix, hex);
}

bool
token_is_api_key(const char *s, size_t n)
{
	static const char *const prefixes[] = { "car_agent_", "car_client_" };

	for (size_t i = 0; i < COUNT(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (n == len + 2 * API_RANDOM && memcmp(s, prefixes[i], len) == 0) {
			for (size_t j = len; j < n; j++)
				if (s[j] == '\0' || strchr("0123456789abcdef", s[j]) == NULL)
					return false;
			return true;
		}
	}
	return false;
}
