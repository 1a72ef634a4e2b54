#ifndef HTTP_H
#define HTTP_H

#include <stdint.h>

#include "arena.h"
#include "conf.h"
#include "db.h"
#include "json.h"

/*
 * http - one request in, one reply out.  Data flows one way: http_dispatch() finds the route, checks
 * who calls, reads the body, calls the handler and returns.  Handlers fill a reply; they never write
 * to a socket, so a half-sent or doubled answer cannot happen.
 */
#define ROUTE_ARGS_MAX 4

enum access { /* 0 is invalid on purpose: a row must say who may call */
	ANYONE = 1,
	INBOX,         /* a user's token; the handler's one statement checks the session */
	USER,          /* a user whose session has been checked */
	USER_OR_AGENT, /* that, or an agent key: rq->key is set; http_caller() is its id or theirs */
	CLIENT_KEY,    /* a client key: rq->key is set */
	ANY_KEY,       /* a client or an agent key: the same */
	KEY_INLINE,    /* the same, but the handler's one statement looks for rq->key_hash */
	SIGNED         /* whoever holds a signature that the handler checks: no cookie counts, so no
		       cross-site check; the body stays rq->raw, whatever its type */
};

/* A key that was presented and is valid. */
struct api_key {
	const char *id, *kind, *project, *environment; /* last two NULL for agents, KEY_INLINE */
};

struct req {
	struct arena *a; /* everything here dies when the reply is sent */
	struct db *db;
	const struct conf *conf;
	int64_t now;    /* seconds since 1970, when the request came */
	const char *id; /* request id: in every log line */
	const char *method, *path, *query;
	const char *shown; /* the path for logs: the route's where a signature stands in it */
	const char *authorization, *cookie, *prefer, *if_none_match, *if_match;
	const char *origin, *origin_self, *fetch_site, *content_type, *remote;
	const char *hook_id, *hook_timestamp, *hook_signature; /* of a webhook */
	const char *length, *https;                            /* as nginx says them … */
	bool tls;                                              /* … and what the latter means */
	const char *raw; /* body as it came; length may be 0 */
	size_t raw_len;
	const char *arg[ROUTE_ARGS_MAX]; /* {placeholders} of the path, in order */
	json_object *body;          /* borrowed; a JSON object, or NULL when none (or null) came */
	bool strict;                /* Prefer: handling=strict */
	const char *user, *session; /* ids; NULL unless a user calls */
	const struct api_key *key;  /* NULL unless a key calls */
	const char *key_hash;       /* of a key that was presented: not checked yet */
	const char *refusal;        /* why its body is, for route.refuse */
};

struct reply {
	int status;
	struct out body;   /* JSON text; empty for 204 and 304 */
	const char *type;  /* Content-Type; NULL is application/json */
	const char *cache; /* Cache-Control; NULL is no-store */
	const char *allow; /* with 405 */
	const char *etag, *poll, *unread, *undo, *retry_after, *cookie; /* headers, or NULL */
	/* In place of a body: nginx's internal address of a file, and its Content-Disposition. */
	const char *file, *file_title;
};

/* Answer rq by filling rp; return rp->status. */
typedef int handler_fn(struct req *rq, struct reply *rp);

struct route {
	const char *method, *path;
	enum access access;
	handler_fn *fn;
	const char *const *params; /* query parameters that it knows; NULL: none */
	handler_fn *refuse;        /* answers 400 when the body is no JSON object; or NULL */
};

/* Each family defines this table; a NULL method ends it. */
extern const struct route routes[];

/* The whole life of a request except socket I/O, so that tests can call it. */
int http_dispatch(const struct route *table, struct req *rq, struct reply *rp);

/* ---- the three exits ---- */

/* It worked: begin the JSON body of a 200 or 201; write it, then return rp->status.  Or 204, 304. */
struct out *http_begin(struct req *rq, struct reply *rp, int status);
int http_empty(struct reply *rp, int status);
/* {key:json} is all there is to say; json is JSON text, key our own. */
int http_object(struct req *rq, struct reply *rp, int status, const char *key, const char *json);

/* The client's fault: {"error":text}, for people; text is not secret. */
int http_fail(struct req *rq, struct reply *rp, int status, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * A statement did not work: 503 with Retry-After when the database is away or busy,
 * 409 on a conflict, 400 on a value its type refuses, else logged once under rq->id and
 * 500.  Handlers that know a better word for a status test for it first.
 */
int http_db(struct req *rq, struct reply *rp, enum db_status st);

/* ---- what handlers share ---- */

/* The id in path argument n, lower-cased, or NULL after answering 404 "<Noun> not found". */
const char *http_id(struct req *rq, struct reply *rp, int n, const char *noun);
int http_missing(struct req *rq, struct reply *rp, const char *noun); /* that 404 */
int http_gone(struct req *rq, struct reply *rp, const char *id);      /* {"id"}, of a DELETE */

/* The id of the user or key that calls, NULL: neither does. */
const char *http_caller(const struct req *rq);

/* Whether one tag of an If-None-Match list, or NULL, is etag; weak ones count (RFC 9110 13.1.2). */
bool http_tag_matches(const char *list, const char *etag);

#endif
