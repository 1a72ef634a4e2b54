#include "token_cache.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAYS         8
#define SETS_MIN     128 /* powers of two, as the place of a set is some bits of a digest */
#define SETS_MAX     16384
#define KEY_BYTES    crypto_shorthash_siphashx24_KEYBYTES
#define DIGEST_BYTES crypto_shorthash_siphashx24_BYTES
#define KEYS         512 /* a power of two, as for sets */
#define HASH_ROOM    72  /* a hash in PostgreSQL's hex form */

struct digest {
	unsigned char bytes[DIGEST_BYTES];
};

/* The newest first; nothing but zeros is a free place. */
struct set {
	struct digest way[WAYS];
};

static struct set *sets;
static size_t nsets, taken;

static struct digest
digest_of(const char *text, size_t n)
{
	static unsigned char key[KEY_BYTES];
	static bool has_key;
	struct digest d;

	if (!has_key)
		randombytes_buf(key, sizeof(key));
	has_key = true;
	crypto_shorthash_siphashx24(d.bytes, (const unsigned char *)text, n, key);
	return d;
}

/* Which of n places, a power of two, is its own. */
static size_t
place_of(const struct digest *d, size_t n)
{
	uint32_t head;

	memcpy(&head, d->bytes, sizeof(head));
	return head & (n - 1);
}

static struct set *
set_of(const struct digest *d)
{
	return &sets[place_of(d, nsets)];
}

static bool
is_free(const struct digest *d)
{
	return sodium_is_zero(d->bytes, DIGEST_BYTES);
}

static bool
is_known(const struct digest *d)
{
	const struct set *set = set_of(d);

	for (int i = 0; i < WAYS; i++)
		if (crypto_verify_16(set->way[i].bytes, d->bytes) == 0)
			return true;
	return false;
}

static void
remember(const struct digest *d)
{
	struct set *set = set_of(d);

	if (is_free(&set->way[WAYS - 1]))
		taken++;
	memmove(&set->way[1], &set->way[0], (WAYS - 1) * sizeof(*d));
	set->way[0] = *d;
}

/* Twice as many sets, into which the oldest go first. */
static void
grow(void)
{
	struct set *old = sets;
	size_t n = nsets;

	nsets = n > 0 ? 2 * n : SETS_MIN;
	sets = calloc(nsets, sizeof(*sets));
	taken = 0;
	for (size_t i = 0; i < n; i++)
		for (int way = WAYS - 1; way >= 0; way--)
			if (!is_free(&old[i].way[way]))
				remember(&old[i].way[way]);
	free(old);
}

enum token_status
token_cache_check(struct arena *a, const char *text, size_t n, const struct token_keys *keys,
    int64_t now, struct token *out)
{
	enum token_status st;
	struct digest d;

	if (n > TOKEN_TEXT_MAX)
		return TOKEN_MALFORMED;
	if (taken >= nsets * WAYS / 2 && nsets < SETS_MAX)
		grow();
	d = digest_of(text, n);
	if (is_known(&d))
		return token_read(a, text, n, now, out);
	st = token_check(a, text, n, keys, now, out);
	if (st == TOKEN_OK)
		remember(&d);
	return st;
}

const char *
token_cache_hash(struct arena *a, const char *api_key)
{
	static struct {
		struct digest of;
		char hash[HASH_ROOM];
	} kept[KEYS], *place;
	struct digest d = digest_of(api_key, strlen(api_key));

	place = &kept[place_of(&d, KEYS)];
	if (crypto_verify_16(place->of.bytes, d.bytes) != 0) {
		snprintf(place->hash, sizeof(place->hash), "%s", token_hash(a, api_key));
		place->of = d;
	}
	return arena_dup(a, place->hash);
}
