#include "optout.h"

#include <sodium.h>
#include <string.h>

#define PURPOSE    "unsubscribe e-mail" /* no login code's first text: those hold an @ */
#define ID_BYTES   16
#define MAC_BYTES  16
#define LINK_BYTES (ID_BYTES + MAC_BYTES)
#define VARIANT    sodium_base64_VARIANT_URLSAFE_NO_PADDING

static void
mac_of(const char *secret, const char *user, const char *type, unsigned char out[MAC_BYTES])
{
	unsigned char whole[TOKEN_MAC_BYTES];

	token_hmac(secret, (const char *const[]){ PURPOSE, user, type, NULL }, whole);
	memcpy(out, whole, MAC_BYTES);
}

void
optout_sign(const struct token_keys *keys, const char *user, const char *type,
    char out[OPTOUT_LEN + 1])
{
	unsigned char link[LINK_BYTES] = { 0 };
	size_t n;

	sodium_hex2bin(link, ID_BYTES, user, strlen(user), "-", &n, NULL);
	mac_of(keys->key[0].secret, user, type, link + ID_BYTES);
	sodium_bin2base64(out, OPTOUT_LEN + 1, link, sizeof(link), VARIANT);
}

/* 16 bytes as a uuid's text. */
static void
uuid_text(const unsigned char id[ID_BYTES], char out[UUID_LEN + 1])
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < ID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digit[id[i] >> 4];
		*out++ = digit[id[i] & 15];
	}
	*out = '\0';
}

bool
optout_check(const struct token_keys *keys, const char *text, const char *type,
    char user[UUID_LEN + 1])
{
	unsigned char link[LINK_BYTES], mac[MAC_BYTES];
	char id[UUID_LEN + 1];
	size_t n = strlen(text), len;
	bool fits = false;

	for (size_t i = 0; i < n; i++) /* libsodium 1.0.18 reads some of these as letters */
		if ((unsigned char)text[i] > 0x7f)
			return false;
	if (n != OPTOUT_LEN ||
	    sodium_base642bin(link, sizeof(link), text, n, NULL, &len, NULL, VARIANT) != 0 ||
	    len != sizeof(link))
		return false;
	uuid_text(link, id);
	for (size_t i = 0; i < keys->n; i++) {
		mac_of(keys->key[i].secret, id, type, mac);
		fits |= sodium_memcmp(mac, link + ID_BYTES, MAC_BYTES) == 0;
	}
	if (fits)
		memcpy(user, id, sizeof(id));
	return fits;
}
