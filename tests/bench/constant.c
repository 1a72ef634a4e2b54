/*
 * constant - a family for the benchmark: what unread-count answers, out of nothing.
 *
 *   GET /v1/constant    200
 *
 * The real request loop with no caller to check and no database: the floor under every poll.
 */
#include "http.h"

static int
answer(struct req *rq, struct reply *rp)
{
	struct out *o = http_begin(rq, rp, 200);

	out_open(o, '{');
	out_key(o, "count");
	out_int(o, 50);
	out_close(o, '}');
	return rp->status;
}

const struct route routes[] = { { "GET", "/v1/constant", ANYONE, answer },
	{ NULL, NULL, 0, NULL } };
