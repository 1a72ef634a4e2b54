#ifndef OPTOUT_H
#define OPTOUT_H

#include "seal.h"

/*
 * optout - the signed end of a link that stops mail of one type to one user (RFC 8058): a seal
 * (common/seal.h) that names the user, about the type.  Pure.  It needs no row.
 */
#define OPTOUT_LEN SEAL_LEN(1)

/* Sign with the first key.  user is a lower-case uuid, type a name of the registry. */
void optout_sign(const struct token_keys *keys, const char *user, const char *type,
    char out[OPTOUT_LEN + 1]);

/* Whether text, any bytes, is one of ours for type; user is written only on true. */
bool optout_check(const struct token_keys *keys, const char *text, const char *type,
    char user[UUID_LEN + 1]) MUST_CHECK;

#endif
