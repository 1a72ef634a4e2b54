#ifndef GATE_H
#define GATE_H

#include <stddef.h>

/*
 * gate - is there one whole FastCGI request in these bytes?
 *
 * libfcgi reads a request with blocking reads and no bound on its lengths: half a
 * request pins the process, two lengths of 0x7ffffffe abort it.  So serve.c peeks at
 * what a connection has sent and asks here first.  Pure.
 */
#define GATE_PARAMS_MAX  (64 * 1024) /* bytes of all parameters */
#define GATE_BODY_MAX    (64 * 1024) /* bytes of a body, contract section 3 */
#define GATE_RECORDS_MAX 256
/* A peek of this many bytes holds every request that is let through. */
#define GATE_PEEK_MAX    (GATE_PARAMS_MAX + GATE_BODY_MAX + GATE_RECORDS_MAX * (8 + 255))

enum gate {
	GATE_WHOLE = 0, /* BEGIN_REQUEST for a responder, PARAMS to its end, STDIN to its end */
	GATE_PART,      /* well-formed so far: wait for more */
	GATE_BROKEN     /* never will be: close the connection */
};

/*
 * Look at the first n bytes of s.  Version, types, one request id, the order of the
 * records, and every name-value length are checked as soon as they are there.  A byte
 * after the end is GATE_BROKEN: nginx asks one thing at a time.
 *   body  on GATE_WHOLE, receives the number of STDIN bytes
 */
enum gate gate_check(const unsigned char *s, size_t n, size_t *body);

#endif
