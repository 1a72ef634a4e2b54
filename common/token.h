#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "text.h"

/*
 * token - make and check the session token (a compact JWT, HS256 only).
 *
 * Pure: no clock, no I/O.  The caller brings keys and time.
 */
#define TOKEN_KEYS_MAX 2
#define TOKEN_TEXT_MAX 1024 /* bytes of a whole token */
#define TOKEN_KEY_MIN  32   /* bytes of a secret */
#define TOKEN_KID_MAX  64   /* bytes of a key's name, none of which JSON escapes */

/* The keys in force: the first signs, all are accepted. */
struct token_keys {
	size_t n;
	struct token_key {
		const char *kid;    /* NULL or "": the header names none */
		const char *secret; /* at least TOKEN_KEY_MIN bytes */
	} key[TOKEN_KEYS_MAX];
};

struct token {
	char user[UUID_LEN + 1];    /* sub */
	char session[UUID_LEN + 1]; /* jti */
	const char *email;
	int64_t issued, expires; /* seconds since 1970 */
};

enum token_status {
	TOKEN_OK = 0,
	TOKEN_MALFORMED,  /* not three canonical base64url parts, or claims of other types */
	TOKEN_BAD_HEADER, /* not byte for byte a header that we write */
	TOKEN_BAD_MAC,
	TOKEN_EXPIRED /* exp is not after now */
};

/*
 * Check n bytes of text, any bytes, and read them into out.
 *   a    holds out's strings
 *   now  seconds since 1970
 *   out  written only on TOKEN_OK
 * The header is compared bytewise: {"alg":"HS256","typ":"JWT"} (the first key, or one
 * without a name) or the same with ,"kid":"…" of a key in force.  Two keys may share a
 * name; then either will do.  The MAC is compared in constant time before any claim is
 * parsed.
 */
enum token_status token_check(struct arena *a, const char *text, size_t n,
    const struct token_keys *keys, int64_t now, struct token *out);

/* The same of a text whose MAC this process has found right before. */
enum token_status token_read(struct arena *a, const char *text, size_t n, int64_t now,
    struct token *out);

/* Sign t with the first key.  t's strings must be ours: uuids and a valid address. */
const char *token_make(struct arena *a, const struct token *t, const struct token_keys *keys);

/* SHA-256 of a secret in PostgreSQL's hex form of bytea (\x…): how API keys are kept. */
const char *token_hash(struct arena *a, const char *secret);

/* n bytes in 32 hex digits that no other bytes have. */
const char *token_digest(struct arena *a, const char *s, size_t n);

/* An entity tag, in its quotes, that other bytes don't have by chance, in a tenth of that time.  Who wants two
 * answers with one tag can find some, and has then misled whoever reads his own. */
const char *token_tag(struct arena *a, const char *s, size_t n);

/* HMAC-SHA256 over the texts, each with its final NUL.  Ends at the first NULL. */
#define TOKEN_MAC_BYTES 32
void token_hmac(const char *key, const char *const texts[], unsigned char mac[TOKEN_MAC_BYTES]);

/* The same in PostgreSQL's hex form: how login codes are kept. */
const char *token_mac(struct arena *a, const char *key, const char *const texts[]);

/* prefix and 48 lower-case hex digits from 24 random bytes. */
const char *token_api_key(struct arena *a, const char *prefix);

/* Whether s is shaped like an API key (car_agent_ or car_client_ and 48 hex). */
bool token_is_api_key(const char *s, size_t n);

#endif
