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
	int fd;              /* -1: free */
	bool busy;           /* a fiber works for it */
	bool gone;           /* closed by nginx meanwhile */
	unsigned char *part; /* owned: what has come of a request that is not whole, or NULL */
	size_t part_n;
	int64_t since; /* ms: idle since then, or waiting for the rest of that part */
	int64_t began; /* us: when the request was read */
	struct arena arena;
	struct req rq;
	struct reply rp;
};

/*
 * Take the n bytes that were peeked at out of the socket, into s->part, where the rest
 * joins them: a sender that writes little at a time could not get more than some 270
 * bytes into a socket that nobody reads, and behind them a hang-up would not be seen.
 */
bool slot_keep_part(struct slot *s, size_t n);
void slot_drop_part(struct slot *s);

/* Fill s->rq from the parameters; its strings live until FCGX_Finish_r. */
void slot_params(struct slot *s);

/*
 * Read the body, of which so many bytes are known to have come, and the end of the
 * request behind it: false when that is not the number that was announced.
 */
bool slot_body(struct slot *s, size_t body);

/* Write s->rp: the one place that writes an answer. */
void slot_reply(struct slot *s);

#endif
