/*
 * hook: four lines: id, timestamp, signatures, and the body in the rest.  What is accepted was
 * signed: an HMAC of another making stands among the signatures.  What we sign is accepted, and
 * one bit changed makes it forged.
 */
#include "hook.h"

#include <sodium.h>

#include "fuzz.h"

#define NOW    1700000100
#define SECRET "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"

static const unsigned char key[] = "0123456789abcdef01234567";

/* The one signature that fits, as openssl would make it. */
static void
signature(struct arena *a, const struct hook_headers *h, const char *body, size_t n, char out[48])
{
	crypto_auth_hmacsha256_state st;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	const char *head = arena_fmt(a, "%s.%s.", h->id, h->timestamp);

	crypto_auth_hmacsha256_init(&st, key, sizeof(key) - 1);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)head, strlen(head));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)body, n);
	crypto_auth_hmacsha256_final(&st, mac);
	memcpy(out, "v1,", 3);
	sodium_bin2base64(out + 3, 45, mac, sizeof(mac), sodium_base64_VARIANT_ORIGINAL);
}

static void
as_it_came(struct arena *a, const struct hook_headers *h, const char *body, size_t n)
{
	enum hook_status st = hook_verify(SECRET, h, body, n, NOW);
	char want[48];
	long long at;

	if (st != HOOK_OK && st != HOOK_STALE)
		return;
	signature(a, h, body, n, want);
	HOLDS(strstr(h->signatures, want) != NULL, "no %s in %s", want, h->signatures);
	at = strtoll(h->timestamp, NULL, 10);
	HOLDS((llabs(at - NOW) <= HOOK_SKEW) == (st == HOOK_OK), "%lld is %d", at, st);
}

static void
signed_by_us(struct arena *a, const struct hook_headers *h, const char *body, size_t n)
{
	struct hook_headers ours = { h->id, arena_fmt(a, "%d", NOW), NULL };
	size_t len = strlen(h->id);
	char made[HOOK_SIGN_MAX], want[48], *changed;
	bool fit = len > 0 && len <= HOOK_ID_MAX;

	HOLDS(hook_sign(SECRET, h->id, NOW, body, n, made), "not signed");
	signature(a, &ours, body, n, want);
	HOLDS(strcmp(made, want) == 0, "%s is not %s", made, want);
	ours.signatures = arena_fmt(a, "%s %s", h->signatures, made);
	HOLDS(hook_verify(SECRET, &ours, body, n, NOW + HOOK_SKEW) ==
		(fit ? HOOK_OK : HOOK_UNSIGNED),
	    "%s", ours.signatures);
	HOLDS(!fit || hook_verify(SECRET, &ours, body, n, NOW - HOOK_SKEW - 1) == HOOK_STALE,
	    "stale");
	if (n == 0 || !fit)
		return;
	changed = arena_ndup(a, body, n);
	changed[n / 2] ^= 1;
	ours.signatures = made;
	HOLDS(hook_verify(SECRET, &ours, changed, n, NOW) == HOOK_FORGED, "changed");
}

/* A secret is the one way to write its bytes. */
static void
secret(const char *s)
{
	unsigned char bytes[HOOK_KEY_MAX];
	char text[sodium_base64_ENCODED_LEN(HOOK_KEY_MAX, sodium_base64_VARIANT_ORIGINAL)];
	size_t n;

	if (!hook_is_secret(s))
		return;
	HOLDS(strncmp(s, "whsec_", 6) == 0, "%s", s);
	HOLDS(sodium_base642bin(bytes, sizeof(bytes), s + 6, strlen(s + 6), NULL, &n, NULL,
		  sodium_base64_VARIANT_ORIGINAL) == 0 &&
		n >= HOOK_KEY_MIN,
	    "%s", s);
	sodium_bin2base64(text, sizeof(text), bytes, n, sodium_base64_VARIANT_ORIGINAL);
	HOLDS(strcmp(text, s + 6) == 0, "%s is %s", s, text);
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	struct hook_headers h;

	if (sodium_init() < 0)
		abort();
	h.id = fuzz_take(a, &s, &n, '\n');
	h.timestamp = fuzz_take(a, &s, &n, '\n');
	h.signatures = fuzz_take(a, &s, &n, '\n');
	as_it_came(a, &h, s, n);
	signed_by_us(a, &h, s, n);
	secret(h.id);
	secret(arena_fmt(a, "whsec_%s", h.signatures));
}
