/* address_test - which addresses are public: both ends of every range that is not. */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "t.h"

static const struct {
	const char *ip;
	bool is_public;
} rows[] = {
	{ "0.0.0.0", false },
	{ "0.255.255.255", false },
	{ "1.0.0.0", true },
	{ "1.1.1.1", true },
	{ "8.8.8.8", true },
	{ "9.255.255.255", true },
	{ "10.0.0.0", false },
	{ "10.255.255.255", false },
	{ "11.0.0.0", true },
	{ "100.63.255.255", true },
	{ "100.64.0.0", false },
	{ "100.127.255.255", false },
	{ "100.128.0.0", true },
	{ "126.255.255.255", true },
	{ "127.0.0.0", false },
	{ "127.0.0.1", false },
	{ "127.255.255.255", false },
	{ "128.0.0.0", true },
	{ "169.253.255.255", true },
	{ "169.254.0.0", false },
	{ "169.254.169.254", false },
	{ "169.254.255.255", false },
	{ "169.255.0.0", true },
	{ "172.15.255.255", true },
	{ "172.16.0.0", false },
	{ "172.31.255.255", false },
	{ "172.32.0.0", true },
	{ "191.255.255.255", true },
	{ "192.0.0.0", false },
	{ "192.0.0.255", false },
	{ "192.0.1.0", true },
	{ "192.0.2.0", false },
	{ "192.0.2.255", false },
	{ "192.0.3.0", true },
	{ "192.31.196.1", false },
	{ "192.52.193.1", false },
	{ "192.88.98.255", true },
	{ "192.88.99.0", false },
	{ "192.88.99.255", false },
	{ "192.88.100.0", true },
	{ "192.167.255.255", true },
	{ "192.168.0.0", false },
	{ "192.168.255.255", false },
	{ "192.169.0.0", true },
	{ "192.175.48.1", false },
	{ "198.17.255.255", true },
	{ "198.18.0.0", false },
	{ "198.19.255.255", false },
	{ "198.20.0.0", true },
	{ "198.51.99.255", true },
	{ "198.51.100.0", false },
	{ "198.51.100.255", false },
	{ "198.51.101.0", true },
	{ "203.0.112.255", true },
	{ "203.0.113.0", false },
	{ "203.0.113.255", false },
	{ "203.0.114.0", true },
	{ "223.255.255.255", true },
	{ "224.0.0.0", false },
	{ "224.0.0.251", false },
	{ "239.255.255.255", false },
	{ "240.0.0.0", false },
	{ "255.255.255.255", false },
	/* IPv6 */
	{ "::", false },
	{ "::1", false },
	{ "::2", false },
	{ "::127.0.0.1", false },
	{ "::8.8.8.8", false },
	{ "::ffff:127.0.0.1", false },
	{ "::ffff:8.8.8.8", false },
	{ "::ffff:0:8.8.8.8", false },
	{ "64:ff9b::7f00:1", false },
	{ "64:ff9b::808:808", false },
	{ "64:ff9b:1::1", false },
	{ "100::1", false },
	{ "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "2000::", true },
	{ "2001::1", false },
	{ "2001:0:4136:e378:8000:63bf:3fff:fdd2", false },
	{ "2001:10::1", false },
	{ "2001:20::1", false },
	{ "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "2001:200::", true },
	{ "2001:4860:4860::8888", true },
	{ "2001:db7:ffff::1", true },
	{ "2001:db8::1", false },
	{ "2001:db8:ffff:ffff::1", false },
	{ "2001:db9::1", true },
	{ "2002:7f00:1::", false },
	{ "2002:808:808::1", false },
	{ "2003::1", true },
	{ "2606:4700:4700::1111", true },
	{ "2620:4f:8000::1", false },
	{ "2620:4f:8001::1", true },
	{ "3ffe::1", true },
	{ "3fff::1", false },
	{ "3fff:fff::1", false },
	{ "3fff:1000::1", true },
	{ "3fff:ffff::1", true },
	{ "4000::1", false },
	{ "5f00::1", false },
	{ "fbff::1", false },
	{ "fc00::1", false },
	{ "fd00:ec2::254", false },
	{ "fe80::1", false },
	{ "febf::1", false },
	{ "fec0::1", false },
	{ "ff02::1", false },
	{ "ffff::1", false },
};

/* What a URL may hold in place of a name, and what it means. */
static const struct {
	const char *host, *ip; /* NULL: a name */
} literals[] = {
	{ "8.8.8.8", "8.8.8.8" },
	{ "127.1", "127.0.0.1" },
	{ "0x7f000001", "127.0.0.1" },
	{ "2130706433", "127.0.0.1" },
	{ "017700000001", "127.0.0.1" },
	{ "0x7f.1", "127.0.0.1" },
	{ "0", "0.0.0.0" },
	{ "[::1]", "::1" },
	{ "::1", "::1" },
	{ "[::ffff:10.0.0.1]", "::ffff:10.0.0.1" },
	{ "example.com", NULL },
	{ "", NULL },
	{ "[]", NULL },
	{ "1.2.3.4.5", NULL },
	{ "256.1.1.1", NULL },
	{ "8.8.8.8.example", NULL },
	{ "[fe80::1%eth0]", NULL },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
};

static size_t
parse(const char *text, unsigned char ip[16])
{
	if (inet_pton(AF_INET, text, ip) == 1)
		return 4;
	return inet_pton(AF_INET6, text, ip) == 1 ? 16 : 0;
}

static void
test_sockets(void)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr other = { .sa_family = AF_UNIX };
	size_t n;
	const unsigned char *ip = address_bytes((struct sockaddr *)&v4, &n);

	T_OK(n == 4 && ip[0] == 10 && ip[3] == 1, "IPv4");
	ip = address_bytes((struct sockaddr *)&v6, &n);
	T_OK(n == 16 && address_is_loopback(ip, n), "IPv6");
	T_OK(address_bytes(&other, &n) == NULL && n == 0, "neither");
}

int
main(void)
{
	unsigned char ip[16], want[16];

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = parse(rows[i].ip, ip);

		T_OK(n != 0, "%s is an address", rows[i].ip);
		T_OK(address_is_public(ip, n) == rows[i].is_public, "%s", rows[i].ip);
		T_OK(!address_is_public(ip, n - 1), "%s, cut", rows[i].ip);
	}
	for (size_t i = 0; i < COUNT(literals); i++) {
		size_t n = address_literal(literals[i].host, ip);
		size_t wanted = literals[i].ip != NULL ? parse(literals[i].ip, want) : 0;

		T_OK(n == wanted && memcmp(ip, want, n) == 0, "%s: %zu", literals[i].host, n);
	}
	test_sockets();
	return T_DONE("address");
}
