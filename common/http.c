#include "http.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth.h"
#include "log.h"
#include "text.h"

/* ---- routes ---- */

/*
 * {x} stands for one non-empty segment, or for the part of one before what follows it there, as in
 * {x}.ics; on success rq->arg[] holds them.
 */
static bool
path_matches(const char *pattern, const char *path, struct req *rq)
{
	size_t n = 0, len, rest;

	while (*pattern != '\0') {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		pattern += strcspn(pattern, "}") + 1;
		len = strcspn(path, "/");
		rest = strcspn(pattern, "/");
		if (len <= rest || n == ROUTE_ARGS_MAX)
			return false;
		rq->arg[n++] = arena_ndup(rq->a, path, len - rest);
		path += len - rest;
	}
	return *path == '\0';
}

static bool
method_matches(const struct route *r, const char *method)
{
	return strcmp(r->method, method) == 0 ||
	    (strcmp(r->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/*
 * The first row whose path matches decides which path it is, so a literal path stands before
 * one with a placeholder; only rows with that very path count further.
 */
static const struct route *
find_path(const struct route *table, struct req *rq)
{
	for (const struct route *r = table; r->method != NULL; r++)
		if (path_matches(r->path, rq->path, rq))
			return r;
	return NULL;
}

static const struct route *
next_of_path(const struct route *r)
{
	const char *path = r->path;

	while ((++r)->method != NULL)
		if (strcmp(r->path, path) == 0)
			return r;
	return NULL;
}

/* What an Allow header says, from the first row of a path on. */
static const char *
methods(struct arena *a, const struct route *r)
{
	const char *all = "";

	for (; r != NULL; r = next_of_path(r))
		all = arena_fmt(a, "%s%s%s%s", all, all[0] != '\0' ? ", " : "", r->method,
		    strcmp(r->method, "GET") == 0 ? ", HEAD" : "");
	return all;
}

/* The row of a request; or NULL, with rp->allow set when its path has others. */
static const struct route *
find_route(const struct route *table, struct req *rq, struct reply *rp)
{
	const struct route *first = find_path(table, rq), *r;

	for (r = first; r != NULL; r = next_of_path(r))
		if (method_matches(r, rq->method))
			return r;
	if (first != NULL)
		rp->allow = methods(rq->a, first);
	return NULL;
}

/* ---- exits ---- */

struct out *
http_begin(struct req *rq, struct reply *rp, int status)
{
	rp->status = status;
	out_init(&rp->body, rq->a, 512);
	return &rp->body;
}

int
http_empty(struct reply *rp, int status)
{
	rp->body.n = 0;
	return rp->status = status;
}

int
http_object(struct req *rq, struct reply *rp, int status, const char *key, const char *json)
{
	struct out *o = http_begin(rq, rp, status);

	out_open(o, '{');
	out_key(o, key);
	out_json(o, json);
	out_close(o, '}');
	return status;
}

int
http_fail(struct req *rq, struct reply *rp, int status, const char *fmt, ...)
{
	struct out *o = http_begin(rq, rp, status);
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	out_open(o, '{');
	out_key(o, "error");
	out_text(o, text_clean(rq->a, text, strlen(text)));
	out_close(o, '}');
	return status;
}

int
http_db(struct req *rq, struct reply *rp, enum db_status st)
{
	switch (st) {
	case DB_AWAY:
	case DB_BUSY:
	case DB_RETRY:
		log_line(LOG_WARN, rq->id, "%s", db_error(rq->db));
		rp->retry_after = "1";
		return http_fail(rq, rp, 503, "Service unavailable, try again");
	case DB_CONFLICT:
		return http_fail(rq, rp, 409, "Conflict");
	case DB_BAD:
		return http_fail(rq, rp, 400, "Invalid value");
	default:
		log_line(LOG_ERROR, rq->id, "%s %s: %s", rq->method, rq->shown, db_error(rq->db));
		return http_fail(rq, rp, 500, "Internal error");
	}
}

/* ---- before the handler ---- */

static bool
is_unsafe(const struct req *rq)
{
	return strcmp(rq->method, "GET") != 0 && strcmp(rq->method, "HEAD") != 0;
}

static bool
is_json(const char *type)
{
	static const char json[] = "application/json";

	return type != NULL && strncasecmp(type, json, sizeof(json) - 1) == 0 &&
	    strchr("; \t", type[sizeof(json) - 1]) != NULL;
}

static int
refuse_body(const struct route *r, struct req *rq, struct reply *rp, const char *why)
{
	rq->refusal = why;
	return r->refuse != NULL ? r->refuse(rq, rp) : http_fail(rq, rp, 400, "%s", why);
}

/* 0, or the status already answered.  *body is owned by the caller. */
static int
read_body(const struct route *r, struct req *rq, struct reply *rp, json_object **body)
{
	bool ok;

	if (rq->raw_len == 0)
		return 0;
	if (!is_json(rq->content_type))
		return http_fail(rq, rp, 415, "Content-Type must be application/json");
	*body = json_read(rq->raw, rq->raw_len, &ok);
	if (!ok)
		return refuse_body(r, rq, rp, "Malformed JSON");
	if (*body != NULL && !json_object_is_type(*body, json_type_object))
		return refuse_body(r, rq, rp, "Body must be a JSON object");
	rq->body = *body;
	return 0;
}

/* 0; or, under strict handling, 400 that names a query parameter not in known[]. */
static int
check_params(struct req *rq, struct reply *rp, const char *const known[])
{
	const char *at = rq->query, *name;

	while (rq->strict && (name = text_query_next(rq->a, &at)) != NULL) {
		size_t i = 0;

		while (known != NULL && known[i] != NULL && strcmp(known[i], name) != 0)
			i++;
		if (known == NULL || known[i] == NULL)
			return http_fail(rq, rp, 400, "Unknown parameter: %s", name);
	}
	return 0;
}

int
http_dispatch(const struct route *table, struct req *rq, struct reply *rp)
{
	SCOPED(json_object_put) json_object *body = NULL;
	const struct route *r = find_route(table, rq, rp);

	if (r == NULL)
		return rp->allow != NULL ? http_fail(rq, rp, 405, "Method not allowed")
					 : http_fail(rq, rp, 404, "Not found");
	if (r->access < ANYONE) {
		log_line(LOG_ERROR, rq->id, "route %s %s names no access", r->method, r->path);
		return http_fail(rq, rp, 500, "Internal error");
	}
	rq->shown = r->access == SIGNED ? r->path : rq->path;
	rq->strict = rq->prefer != NULL &&
	    (text_has_token(rq->prefer, "handling=strict") ||
		text_has_token(rq->prefer, "handling=\"strict\""));
	if (r->access != ANYONE && r->access != SIGNED && auth_caller(rq, rp, r->access) != 0)
		return rp->status;
	if ((!is_unsafe(rq) || r->access == SIGNED ||
		(auth_same_site(rq, rp) == 0 && read_body(r, rq, rp, &body) == 0)) &&
	    check_params(rq, rp, r->params) == 0)
		r->fn(rq, rp);
	rq->body = NULL;
	if (rp->status >= 400 && rp->status <= 499 && rp->status != 401)
		auth_late(rq, rp, r->access);
	return rp->status;
}

/* ---- shared by handlers ---- */

int
http_missing(struct req *rq, struct reply *rp, const char *noun)
{
	return http_fail(rq, rp, 404, "%s not found", noun);
}

int
http_gone(struct req *rq, struct reply *rp, const char *id)
{
	struct out *o = http_begin(rq, rp, 200);

	out_open(o, '{');
	out_key(o, "id");
	out_text(o, id);
	out_close(o, '}');
	return rp->status;
}

const char *
http_caller(const struct req *rq)
{
	return rq->user != NULL || rq->key == NULL ? rq->user : rq->key->id;
}

const char *
http_id(struct req *rq, struct reply *rp, int n, const char *noun)
{
	char *id = arena_alloc(rq->a, UUID_LEN + 1);

	if (text_uuid(rq->arg[n], strlen(rq->arg[n]), id))
		return id;
	http_missing(rq, rp, noun);
	return NULL;
}

bool
http_tag_matches(const char *list, const char *etag)
{
	size_t n = strlen(etag);

	if (list == NULL)
		return false;
	if (strcmp(list, "*") == 0)
		return true;
	for (const char *at = list; (at = strstr(at, etag)) != NULL; at += n)
		if ((at == list || strchr(", /", at[-1]) != NULL) && strchr(", ", at[n]) != NULL)
			return true;
	return false;
}
