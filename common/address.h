#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * address - whether an IP address is one of the public Internet.  Pure.
 *
 * What users tell us to call (webhooks) must not lead into our own network: everything
 * that the IANA registries of special addresses keep for other purposes is refused, and
 * so are the forms of IPv6 that carry an IPv4 address within.
 */

/* ip: 4 bytes of IPv4 or 16 of IPv6, as they travel; any other n is refused. */
bool address_is_public(const unsigned char *ip, size_t n);

/* 127.0.0.0/8 and ::1. */
bool address_is_loopback(const unsigned char *ip, size_t n);

/* The bytes of a socket address; NULL, n 0 for another family than these two. */
const unsigned char *address_bytes(const struct sockaddr *sa, size_t *n);

/*
 * The bytes of a literal (192.0.2.1, [2001:db8::1] with or without brackets), into ip; 0
 * when host is a name.  Also of the old forms that resolvers take for an IPv4 address:
 * 127.1, 0x7f000001, 2130706433, 017700000001.
 */
size_t address_literal(const char *host, unsigned char ip[16]);

#endif
