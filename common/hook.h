#ifndef HOOK_H
#define HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

/*
 * hook - the signature of Standard Webhooks, which is Svix's as well: made for what we
 * send, checked on what Resend sends.  Pure: the caller brings secret and time.
 *
 * Signed is "<id>.<seconds>.<body>" with HMAC-SHA256; a signature is v1, and its base64.
 */
#define HOOK_KEY_MIN  16 /* bytes of a secret, without whsec_ and base64 */
#define HOOK_KEY_MAX  64
#define HOOK_SKEW     300 /* seconds that a clock may be off, either way */
#define HOOK_ID_MAX   256
#define HOOK_SIGN_MAX 64 /* "v1," with 44 of base64, and its final NUL */

/* What came with a request; members may be NULL. */
struct hook_headers {
	const char *id, *timestamp, *signatures; /* the last: separated by spaces */
};

enum hook_status {
	HOOK_OK = 0,
	HOOK_UNSIGNED, /* a header is missing, or the id or the time is none */
	HOOK_FORGED,   /* no signature of version 1 fits, or the secret is none */
	HOOK_STALE     /* genuine, but signed more than HOOK_SKEW seconds from now */
};

/* Whether s is a secret: whsec_ and base64 of HOOK_KEY_MIN to HOOK_KEY_MAX bytes. */
bool hook_is_secret(const char *s);

/* A new one, of 32 random bytes. */
const char *hook_secret(struct arena *a);

/* The signature of a body of n bytes; false when secret is none. */
bool hook_sign(const char *secret, const char *id, int64_t at, const char *body, size_t n,
    char out[HOOK_SIGN_MAX]);

/* Check, in a time that does not depend on the signatures' bytes. */
enum hook_status hook_verify(const char *secret, const struct hook_headers *h, const char *body,
    size_t n, int64_t now);

#endif
