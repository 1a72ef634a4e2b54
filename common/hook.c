#include "hook.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "scope.h"
#include "text.h"

#define PREFIX      "whsec_"
#define VERSION     "v1,"
#define MADE_BYTES  32
#define VARIANT     sodium_base64_VARIANT_ORIGINAL
#define DIGITS_MAX  12 /* of a time in seconds */
#define ENCODED_MAX sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, VARIANT)

_Static_assert(sizeof(VERSION) - 1 + ENCODED_MAX <= HOOK_SIGN_MAX, "a signature fits");

/* The bytes of a secret; 0 when it is none.  libsodium reads some bytes above 0x7f as letters. */
static size_t
read_secret(const char *s, unsigned char key[HOOK_KEY_MAX])
{
	size_t n = 0;

	if (s == NULL || strncmp(s, PREFIX, sizeof(PREFIX) - 1) != 0)
		return 0;
	s += sizeof(PREFIX) - 1;
	if (!text_is_ascii(s, strlen(s)) ||
	    sodium_base642bin(key, HOOK_KEY_MAX, s, strlen(s), NULL, &n, NULL, VARIANT) != 0 ||
	    n < HOOK_KEY_MIN)
		return 0;
	return n;
}

bool
hook_is_secret(const char *s)
{
	unsigned char key[HOOK_KEY_MAX];

	return read_secret(s, key) > 0;
}

const char *
hook_secret(struct arena *a)
{
	unsigned char key[MADE_BYTES];
	char text[sodium_base64_ENCODED_LEN(MADE_BYTES, VARIANT)];

	crypto_ready();
	randombytes_buf(key, sizeof(key));
	sodium_bin2base64(text, sizeof(text), key, sizeof(key), VARIANT);
	return arena_fmt(a, PREFIX "%s", text);
}

/* at is the time as it is signed: as it came. */
static bool
sign(const char *secret, const char *id, const char *at, const char *body, size_t n,
    char out[HOOK_SIGN_MAX])
{
	unsigned char key[HOOK_KEY_MAX], mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state st;
	size_t len = read_secret(secret, key);

	if (len == 0)
		return false;
	crypto_ready();
	crypto_auth_hmacsha256_init(&st, key, len);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)id, strlen(id));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)".", 1);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)at, strlen(at));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)".", 1);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)body, n);
	crypto_auth_hmacsha256_final(&st, mac);
	memcpy(out, VERSION, sizeof(VERSION));
	sodium_bin2base64(out + sizeof(VERSION) - 1, HOOK_SIGN_MAX - (sizeof(VERSION) - 1), mac,
	    sizeof(mac), VARIANT);
	sodium_memzero(key, sizeof(key));
	return true;
}

bool
hook_sign(const char *secret, const char *id, int64_t at, const char *body, size_t n,
    char out[HOOK_SIGN_MAX])
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, at);
	return sign(secret, id, digits, body, n, out);
}

/* Whether one of the list is want.  All are looked at, and each as a whole. */
static bool
any_fits(const char *list, const char *want)
{
	size_t len = strlen(want), n;
	bool fits = false;

	for (; *list != '\0'; list += n) {
		list += strspn(list, " ");
		n = strcspn(list, " ");
		if (n == len && sodium_memcmp(list, want, len) == 0)
			fits = true;
	}
	return fits;
}

static bool
is_time(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= DIGITS_MAX && s[n] == '\0';
}

enum hook_status
hook_verify(const char *secret, const struct hook_headers *h, const char *body, size_t n,
    int64_t now)
{
	char want[HOOK_SIGN_MAX];
	int64_t at;

	if (h->id == NULL || h->timestamp == NULL || h->signatures == NULL || h->id[0] == '\0' ||
	    strlen(h->id) > HOOK_ID_MAX || !is_time(h->timestamp))
		return HOOK_UNSIGNED;
	if (!sign(secret, h->id, h->timestamp, body, n, want) || !any_fits(h->signatures, want))
		return HOOK_FORGED;
	at = strtoll(h->timestamp, NULL, 10);
	return at < now - HOOK_SKEW || at > now + HOOK_SKEW ? HOOK_STALE : HOOK_OK;
}
