#ifndef TOKEN_CLAIMS_H
#define TOKEN_CLAIMS_H

#include "token.h"

/*
 * token_claims - what a token says; inside token*.c only.
 *
 * Every request reads some, and libsodium's base64, which takes the same time for any letter, and
 * json-c would be a third of what a poll costs a worker.  So base64 is read by a table here, and
 * claims written as token_make writes them are read without a tree.
 */

/* n bytes of canonical base64url: how many bytes they are, or -1, also where those are above max. */
int claims_decode(const char *s, size_t n, unsigned char *out, size_t max);

/* Claims (JSON, in any order and with others) of the right types, into out; a holds its email. */
bool claims_read(struct arena *a, const char *json, size_t n, struct token *out);

#endif
