#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "scope.h"

struct range {
	unsigned char ip[16];
	unsigned bits;
};

/* The IANA IPv4 special-purpose registry, multicast and what is reserved. */
static const struct range not4[] = {
	{ { 0 }, 8 },             /* this network */
	{ { 10 }, 8 },            /* private */
	{ { 100, 64 }, 10 },      /* carriers' NAT */
	{ { 127 }, 8 },           /* loopback */
	{ { 169, 254 }, 16 },     /* link-local, and the metadata of clouds */
	{ { 172, 16 }, 12 },      /* private */
	{ { 192, 0, 0 }, 24 },    /* protocol assignments */
	{ { 192, 0, 2 }, 24 },    /* documentation */
	{ { 192, 31, 196 }, 24 }, /* AS112 */
	{ { 192, 52, 193 }, 24 }, /* AMT */
	{ { 192, 88, 99 }, 24 },  /* 6to4 relays */
	{ { 192, 168 }, 16 },     /* private */
	{ { 192, 175, 48 }, 24 }, /* AS112 */
	{ { 198, 18 }, 15 },      /* benchmarks */
	{ { 198, 51, 100 }, 24 }, /* documentation */
	{ { 203, 0, 113 }, 24 },  /* documentation */
	{ { 224 }, 4 },           /* multicast */
	{ { 240 }, 4 },           /* reserved, broadcast */
};

/* Only 2000::/3 is global unicast; these parts of it are special. */
static const struct range global6 = { { 0x20 }, 3 };
static const struct range not6[] = {
	{ { 0x20, 0x01, 0x00 }, 23 },             /* protocol assignments: Teredo, ORCHID … */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },       /* documentation */
	{ { 0x20, 0x02 }, 16 },                   /* 6to4: an IPv4 address within */
	{ { 0x26, 0x20, 0, 0x4f, 0x80, 0 }, 48 }, /* AS112 */
	{ { 0x3f, 0xff, 0x00 }, 20 },             /* documentation */
};

static bool
is_in(const unsigned char *ip, const struct range *r)
{
	unsigned whole = r->bits / 8, rest = r->bits % 8;

	return memcmp(ip, r->ip, whole) == 0 &&
	    (rest == 0 || (ip[whole] ^ r->ip[whole]) >> (8 - rest) == 0);
}

static bool
is_in_any(const unsigned char *ip, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_in(ip, &r[i]))
			return true;
	return false;
}

bool
address_is_public(const unsigned char *ip, size_t n)
{
	if (n == 4)
		return !is_in_any(ip, not4, COUNT(not4));
	return n == 16 && is_in(ip, &global6) && !is_in_any(ip, not6, COUNT(not6));
}

bool
address_is_loopback(const unsigned char *ip, size_t n)
{
	static const unsigned char one[16] = { [15] = 1 };

	return (n == 4 && ip[0] == 127) || (n == 16 && memcmp(ip, one, sizeof(one)) == 0);
}

const unsigned char *
address_bytes(const struct sockaddr *sa, size_t *n)
{
	*n = 0;
	if (sa->sa_family == AF_INET) {
		*n = 4;
		return (const unsigned char *)&((const struct sockaddr_in *)(const void *)sa)
		    ->sin_addr;
	}
	if (sa->sa_family == AF_INET6) {
		*n = 16;
		return (const unsigned char *)&((const struct sockaddr_in6 *)(const void *)sa)
		    ->sin6_addr;
	}
	return NULL;
}

size_t
address_literal(const char *host, unsigned char ip[16])
{
	char text[INET6_ADDRSTRLEN];
	size_t n = strlen(host);
	struct in_addr v4;

	if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	if (n >= sizeof(text))
		return 0;
	memcpy(text, host, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, ip) == 1)
		return 16;
	if (inet_aton(text, &v4) == 0) /* takes the old forms as well */
		return 0;
	memcpy(ip, &v4, 4);
	return 4;
}
