#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>

#include "scope.h"
#include "token.h"

/*
 * seal - the signed end of a link that is its own permission.  Pure.
 *
 * It is the ids that it names, and the first half of an HMAC over what it is for, these ids and
 * what they are about, in base64url.  So it tells nothing and fits nothing else.  It holds as long
 * as the key that signed it is in force.
 */
#define SEAL_IDS    2
#define SEAL_LEN(n) ((((n) + 1) * 128 + 5) / 6) /* characters for n ids */
#define SEAL_MAX    SEAL_LEN(SEAL_IDS)

struct seal {
	const char *purpose; /* of a kind of link; no @, as login codes have in their first text */
	const char *about;   /* a word that link and seal must agree on */
	size_t n;            /* how many ids */
	char id[SEAL_IDS][UUID_LEN + 1]; /* lower-case uuids */
};

/* Sign with the first key. */
void seal_sign(const struct token_keys *keys, const struct seal *s, char out[SEAL_MAX + 1]);

/* Whether text, any bytes, is one of ours for s's purpose, about and n; s->id is written only on
 * true. */
bool seal_check(const struct token_keys *keys, const char *text, struct seal *s) MUST_CHECK;

#endif
