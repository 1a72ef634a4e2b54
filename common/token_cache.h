#ifndef TOKEN_CACHE_H
#define TOKEN_CACHE_H

#include "token.h"

/*
 * token_cache - tokens that this process has found good, by their whole text.
 *
 * A dashboard polls with the same token again and again, and whether its MAC is right
 * never changes; what can change, time and the session's row, is asked each time.  The
 * cache is of fixed size: a newer token takes the place of an older one.
 */

/* token_check, or what it said of the same text before.  out->email is NULL. */
enum token_status token_cache_check(struct arena *a, const char *text, size_t n,
    const struct token_keys *keys, int64_t now, struct token *out);

#endif
