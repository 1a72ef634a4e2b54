#include "serve_slot.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "gate.h"

bool
slot_keep_part(struct slot *s, size_t n)
{
	s->part = malloc(GATE_PEEK_MAX);
	if (recv(s->fd, s->part, n, MSG_DONTWAIT) != (ssize_t)n)
		return false;
	s->part_n = n;
	return true;
}

void
slot_drop_part(struct slot *s)
{
	free(s->part);
	s->part = NULL;
	s->part_n = 0;
}

/* What nginx tells of a request (nginx/carillon.conf.in sends these and no others). */
static const struct param {
	const char *name;
	size_t len, at;
} params[] = {
#define PARAM(name, member) \
	{ \
		name, sizeof(name) - 1, offsetof(struct req, member) \
	}
	PARAM("REQUEST_ID", id),
	PARAM("REQUEST_METHOD", method),
	PARAM("DOCUMENT_URI", path),
	PARAM("QUERY_STRING", query),
	PARAM("CONTENT_LENGTH", length),
	PARAM("CONTENT_TYPE", content_type),
	PARAM("REMOTE_ADDR", remote),
	PARAM("HTTPS", https),
	PARAM("ORIGIN_SELF", origin_self),
	PARAM("HTTP_AUTHORIZATION", authorization),
	PARAM("HTTP_COOKIE", cookie),
	PARAM("HTTP_IF_NONE_MATCH", if_none_match),
	PARAM("HTTP_IF_MATCH", if_match),
	PARAM("HTTP_PREFER", prefer),
	PARAM("HTTP_ORIGIN", origin),
	PARAM("HTTP_SEC_FETCH_SITE", fetch_site),
	PARAM("HTTP_SVIX_ID", hook_id),
	PARAM("HTTP_SVIX_TIMESTAMP", hook_timestamp),
	PARAM("HTTP_SVIX_SIGNATURE", hook_signature),
#undef PARAM
};

/* The first value of a name counts, and an empty one not at all. */
static void
read_param(struct req *rq, const char *entry)
{
	const char *value = strchr(entry, '=');
	size_t len = value != NULL ? (size_t)(value - entry) : 0;

	for (size_t i = 0; len > 0 && value[1] != '\0' && i < COUNT(params); i++)
		if (params[i].len == len && memcmp(params[i].name, entry, len) == 0) {
			const char **to = (const char **)((char *)rq + params[i].at);

			if (*to == NULL)
				*to = value + 1;
			return;
		}
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

void
slot_params(struct slot *s)
{
	struct req *rq = &s->rq;

	s->rp = (struct reply){ 0 };
	*rq = (struct req){ .a = &s->arena, .now = time(NULL) };
	for (char **e = s->fcgi.envp; *e != NULL; e++)
		read_param(rq, *e);
	rq->id = rq->id != NULL ? rq->id : "-";
	rq->method = or_empty(rq->method);
	rq->path = or_empty(rq->path);
	rq->query = or_empty(rq->query);
	rq->length = or_empty(rq->length);
	rq->remote = or_empty(rq->remote);
	rq->origin_self = or_empty(rq->origin_self);
	rq->tls = strcmp(or_empty(rq->https), "on") == 0;
}

/* CONTENT_LENGTH as nginx writes it: digits, or nothing when there is no body. */
static bool
is_length(const char *s, size_t length)
{
	return s[strspn(s, "0123456789")] == '\0' && strtoull(s, NULL, 10) == length;
}

bool
slot_body(struct slot *s, size_t body)
{
	char *buf = arena_alloc(&s->arena, body + 1);

	/* One more than there is: libfcgi has then read the end of STDIN too, and the next
	 * request on this connection does not begin with it. */
	if (FCGX_GetStr(buf, (int)body + 1, s->fcgi.in) != (int)body ||
	    FCGX_GetError(s->fcgi.in) != 0 || !is_length(s->rq.length, body))
		return false;
	s->rq.raw = buf;
	s->rq.raw_len = body;
	return true;
}

static void
put_header(FCGX_Stream *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	FCGX_PutS(name, out);
	FCGX_PutS(value, out);
	FCGX_PutStr("\r\n", 2, out);
}

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *words;
	} reasons[] = {
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 412, "Precondition Failed" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < COUNT(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].words;
	return "Status";
}

void
slot_reply(struct slot *s)
{
	const struct reply *rp = &s->rp;
	FCGX_Stream *out = s->fcgi.out;
	char text[32];

	if (rp->status != 200) { /* which nginx assumes */
		snprintf(text, sizeof(text), "%d %s", rp->status, reason(rp->status));
		put_header(out, "Status: ", text);
	}
	if (rp->body.n > 0) {
		snprintf(text, sizeof(text), "%zu", rp->body.n);
		put_header(out, "Content-Length: ", text);
		put_header(out, "Content-Type: ", rp->type != NULL ? rp->type : "application/json");
	}
	put_header(out, "Cache-Control: ", rp->cache != NULL ? rp->cache : "no-store");
	put_header(out, "ETag: ", rp->etag);
	put_header(out, "X-Poll-Interval: ", rp->poll);
	put_header(out, "X-Unread-Count: ", rp->unread);
	put_header(out, "X-Undo: ", rp->undo);
	put_header(out, "Allow: ", rp->allow);
	put_header(out, "Retry-After: ", rp->retry_after);
	put_header(out, "Set-Cookie: ", rp->cookie);
	put_header(out, "X-Accel-Redirect: ", rp->file);
	put_header(out, "Content-Disposition: ", rp->file_title);
	FCGX_PutStr("\r\n", 2, out);
	FCGX_PutStr(rp->body.s, (int)rp->body.n, out);
}
