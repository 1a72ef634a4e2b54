#ifndef SERVE_SLOT_H
#define SERVE_SLOT_H

#include <fcgiapp.h>

#include "http.h"

/*
 * serve_slot - a request as libfcgi has it: in and out; inside serve*.c only.
 */

/* One connection of nginx's, and the request on it. */
struct slot {
	FCGX_Request fcgi;
	int fd;        /* -1: free */
	bool busy;     /* a fiber works for it */
	bool gone;     /* closed by nginx meanwhile */
	bool edge;     /* epoll tells of new bytes only: part of a request lies there */
	int64_t since; /* ms: when that part was first seen */
	int64_t began; /* us: when the request was read */
	struct arena arena;
	struct req rq;
	struct reply rp;
};

/* Fill s->rq from the parameters; its strings live until FCGX_Finish_r. */
void slot_params(struct slot *s);

/*
 * Read exactly the announced number of bytes, of which body are known to have come, or
 * none of the request (FACTS section 4): false when the two differ.
 */
bool slot_body(struct slot *s, size_t body);

/* Write s->rp: the one place that writes an answer. */
void slot_reply(struct slot *s);

#endif
