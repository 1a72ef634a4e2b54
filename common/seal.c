#include "seal.h"

#include <sodium.h>
#include <string.h>

#define ID_BYTES   16
#define MAC_BYTES  16
#define LINK_BYTES (SEAL_IDS * ID_BYTES + MAC_BYTES)
#define VARIANT    sodium_base64_VARIANT_URLSAFE_NO_PADDING

static void
mac_of(const char *secret, const struct seal *s, unsigned char out[MAC_BYTES])
{
	const char *texts[SEAL_IDS + 3] = { s->purpose };
	unsigned char whole[TOKEN_MAC_BYTES];

	for (size_t i = 0; i < s->n; i++)
		texts[1 + i] = s->id[i];
	texts[1 + s->n] = s->about;
	token_hmac(secret, texts, whole);
	memcpy(out, whole, MAC_BYTES);
}

void
seal_sign(const struct token_keys *keys, const struct seal *s, char out[SEAL_MAX + 1])
{
	unsigned char link[LINK_BYTES] = { 0 };
	size_t n;

	for (size_t i = 0; i < s->n; i++)
		sodium_hex2bin(link + i * ID_BYTES, ID_BYTES, s->id[i], UUID_LEN, "-", &n, NULL);
	mac_of(keys->key[0].secret, s, link + s->n * ID_BYTES);
	sodium_bin2base64(out, SEAL_MAX + 1, link, s->n * ID_BYTES + MAC_BYTES, VARIANT);
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
seal_check(const struct token_keys *keys, const char *text, struct seal *s)
{
	unsigned char link[LINK_BYTES], mac[MAC_BYTES];
	struct seal read = *s;
	size_t n = strlen(text), len;
	bool fits = false;

	/* libsodium 1.0.18 reads some bytes above 0x7f as letters */
	if (n != SEAL_LEN(s->n) || !text_is_ascii(text, n) ||
	    sodium_base642bin(link, sizeof(link), text, n, NULL, &len, NULL, VARIANT) != 0 ||
	    len != s->n * ID_BYTES + MAC_BYTES)
		return false;
	for (size_t i = 0; i < s->n; i++)
		uuid_text(link + i * ID_BYTES, read.id[i]);
	for (size_t i = 0; i < keys->n; i++) {
		mac_of(keys->key[i].secret, &read, mac);
		fits |= sodium_memcmp(mac, link + s->n * ID_BYTES, MAC_BYTES) == 0;
	}
	if (fits)
		*s = read;
	return fits;
}
