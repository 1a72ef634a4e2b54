#ifndef TLS_H
#define TLS_H

#include <stdbool.h>

/*
 * tls - whom we believe when we call a server: certificates that the authorities of this system or
 * those in ca_file (NULL: none) vouch for, for the name we called it by, from TLS 1.2 on.  curl is
 * a CURL *, rc a CURLcode: this header leaves libcurl to those who use it.
 */
bool tls_set_up(void *curl, const char *ca_file);

/* Whether the call ended because the server could not be believed, before it was told anything. */
bool tls_is_refused(int rc);

/* Why it ended, without names and addresses. */
const char *tls_why(void *curl, int rc);

#endif
