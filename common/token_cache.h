#ifndef TOKEN_CACHE_H
#define TOKEN_CACHE_H

#include "token.h"

/*
 * token_cache - tokens whose MAC this process has found right, and hashes of the API keys it met.
 *
 * A dashboard polls with the same token again and again, and its MAC stays right; what can
 * change, time and the session's row, is asked each time.  Of a text the cache keeps a digest
 * under a key that nobody else has, so that no other text can be taken for it.  It grows with
 * the tokens to at most 131,072 in 2 MB; then a newer one takes the place of an older one.
 */

/* token_check, whose costly half the cache may save. */
enum token_status token_cache_check(struct arena *a, const char *text, size_t n,
    const struct token_keys *keys, int64_t now, struct token *out);

/*
 * token_hash of an API key.  A page of flags asks with one key again and again, and a hash is a
 * sixth of what the worker does for a flag.  Whether the key is good is asked each time.
 */
const char *token_cache_hash(struct arena *a, const char *api_key);

#endif
