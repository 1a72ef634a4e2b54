#ifndef OPTOUT_H
#define OPTOUT_H

#include <stdbool.h>

#include "scope.h"
#include "token.h"

/*
 * optout - the signed end of a link that stops mail of one type to one user (RFC 8058).  Pure.
 *
 * It is 32 bytes in base64url: the user's id, and the first half of an HMAC over what the link is
 * for, the id and the type.  So it tells nothing, fits nothing else, and needs no row.  It works
 * as long as the key that signed it is in force.
 */
#define OPTOUT_LEN 43

/* Sign with the first key.  user is a lower-case uuid, type a name of the registry. */
void optout_sign(const struct token_keys *keys, const char *user, const char *type,
    char out[OPTOUT_LEN + 1]);

/* Whether text, any bytes, is one of ours for type; user is written only on true. */
bool optout_check(const struct token_keys *keys, const char *text, const char *type,
    char user[UUID_LEN + 1]) MUST_CHECK;

#endif
