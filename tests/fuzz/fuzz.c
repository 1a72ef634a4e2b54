#include "fuzz.h"

#define ARENA_MAX (64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct arena scratch = { .limit = ARENA_MAX };

	fuzz_one(&scratch, (const char *)data, n);
	arena_reset(&scratch);
	return 0;
}

char *
fuzz_take(struct arena *a, const char **s, size_t *n, char end)
{
	const char *at = *n > 0 ? memchr(*s, end, *n) : NULL;
	size_t len = at != NULL ? (size_t)(at - *s) : *n;
	char *part = arena_ndup(a, *s, len);

	*s += len + (at != NULL);
	*n -= len + (at != NULL);
	return part;
}

/* The number of a character of len bytes, or 0 when a following byte is none. */
static uint32_t
decode(const unsigned char *u, size_t len)
{
	uint32_t c = len == 1 ? u[0] : u[0] & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++) {
		if (u[i] >> 6 != 2)
			return 0;
		c = c << 6 | (u[i] & 0x3fu);
	}
	return c;
}

bool
fuzz_is_utf8(const char *s, size_t n)
{
	static const uint32_t least[] = { 0, 1, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s;
	size_t len;

	for (; n > 0; u += len, n -= len) {
		uint32_t c;

		len = u[0] < 0x80     ? 1
		    : u[0] >> 5 == 6  ? 2
		    : u[0] >> 4 == 14 ? 3
		    : u[0] >> 3 == 30 ? 4
				      : 0;
		if (len == 0 || len > n)
			return false;
		c = decode(u, len);
		if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return false;
	}
	return true;
}
