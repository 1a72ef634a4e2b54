/* token_cache_test - what the cache says is what token_check and token_hash say, first and again. */
#include <stdio.h>
#include <string.h>

#include "t.h"
#include "token_cache.h"

#define NOW      1700000000
/* more than there are places */
#define USERS    140000
#define API_KEYS 2000

static const struct token_keys keys = {
	.n = 1,
	.key = { { NULL, "0123456789abcdef0123456789abcdef" } },
};

static const char *
token_of(struct arena *a, int user, int64_t expires)
{
	struct token t = { .email = "a@example.com", .issued = NOW, .expires = expires };

	snprintf(t.user, sizeof(t.user), "%08x-0000-4000-8000-000000000000", (unsigned)user);
	snprintf(t.session, sizeof(t.session), "%08x-0000-4000-8000-000000000001", (unsigned)user);
	return token_make(a, &t, &keys);
}

static enum token_status
check(struct arena *a, const char *text, int64_t now, struct token *out)
{
	return token_cache_check(a, text, strlen(text), &keys, now, out);
}

/* Every token is its own user's, however many there are and how often they come. */
static void
many(struct arena *a)
{
	char want[UUID_LEN + 1];
	struct token t;

	for (int step = 1; step <= 7; step += 6)
		for (int i = 0; i < USERS; i += step) {
			const char *text = token_of(a, i, NOW + 60);

			snprintf(want, sizeof(want), "%08x-0000-4000-8000-000000000000",
			    (unsigned)i);
			T_OK(check(a, text, NOW, &t) == TOKEN_OK, "user %d", i);
			T_SAME(t.user, want, "user");
			want[UUID_LEN - 1] = '1';
			T_SAME(t.session, want, "session");
			T_OK(t.issued == NOW && t.expires == NOW + 60, "times of %d", i);
			arena_reset(a);
		}
}

/* A good token that is kept makes no other one good. */
static void
near_misses(struct arena *a)
{
	const char *good = token_of(a, 1, NOW + 60);
	size_t n = strlen(good);
	struct token t;

	T_OK(check(a, good, NOW, &t) == TOKEN_OK, "good");
	for (size_t i = 0; i < n; i++) {
		char *bad = arena_dup(a, good);

		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		T_OK(check(a, bad, NOW, &t) != TOKEN_OK, "byte %zu", i);
		T_OK(token_cache_check(a, good, i, &keys, NOW, &t) != TOKEN_OK, "cut at %zu", i);
	}
	T_OK(check(a, good, NOW, &t) == TOKEN_OK, "still good");
	T_OK(check(a, good, NOW + 60, &t) == TOKEN_EXPIRED, "expires in the cache too");
}

/* More keys than there are places, in both orders: the hash is always the key's own. */
static void
hashes(struct arena *a)
{
	char key[32];

	for (int i = 0; i < 4 * API_KEYS; i++) {
		snprintf(key, sizeof(key), "car_client_%d",
		    i < 2 * API_KEYS ? i : 4 * API_KEYS - i);
		T_SAME(token_cache_hash(a, key), token_hash(a, key), key);
		T_SAME(token_cache_hash(a, key), token_hash(a, key), "again");
		arena_reset(a);
	}
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 1 << 22);
	many(&a);
	near_misses(&a);
	hashes(&a);
	arena_free(&a);
	return T_DONE("token_cache");
}
