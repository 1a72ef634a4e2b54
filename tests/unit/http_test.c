/*
 * http_test - routes, credentials, cross-site checks and bodies, up to the handler: nothing here
 * needs a database.  What the answers hold in full is tested through nginx (tests/api).
 */
#include <string.h>

#include "http.h"
#include "t.h"

#define NOW     1700000000
#define USER_ID "11111111-2222-4333-8444-555555555555"

static int
done(struct req *rq, struct reply *rp)
{
	(void)rq;
	return http_empty(rp, 204);
}

static int
show_id(struct req *rq, struct reply *rp)
{
	return http_id(rq, rp, 0, "Thing") != NULL ? http_empty(rp, 204) : rp->status;
}

static const char *const search_params[] = { "word", NULL };

static const struct route table[] = {
	{ "GET", "/search", ANYONE, done, search_params },
	{ "GET", "/forgot", 0, done },
	{ "GET", "/open", ANYONE, done },
	{ "POST", "/open", ANYONE, done },
	{ "POST", "/signed", SIGNED, done },
	{ "GET", "/mine", INBOX, done },
	{ "GET", "/served", KEY_INLINE, done },
	{ "GET", "/things/all", ANYONE, done },
	{ "PATCH", "/things/{id}", ANYONE, show_id },
	{ "DELETE", "/things/{id}", ANYONE, show_id },
	{ "GET", "/things/{id}/parts/{part}", ANYONE, show_id },
	{ "GET", "/files/{id}.ics", ANYONE, show_id },
	{ "GET", "/files/{id}.ics/parts", ANYONE, show_id },
	{ NULL, NULL, 0, NULL },
};

static const struct {
	const char *method, *path;
	int status;
	const char *allow; /* or NULL */
} paths[] = {
	{ "GET", "/forgot", 500, NULL },
	{ "GET", "/open", 204, NULL },
	{ "HEAD", "/open", 204, NULL },
	{ "PUT", "/open", 405, "GET, HEAD, POST" },
	{ "OPTIONS", "/open", 405, "GET, HEAD, POST" },
	{ "get", "/open", 405, "GET, HEAD, POST" },
	{ "", "/open", 405, "GET, HEAD, POST" },
	{ "GET", "/open/", 404, NULL },
	{ "GET", "/opener", 404, NULL },
	{ "GET", "/ope", 404, NULL },
	{ "GET", "", 404, NULL },
	{ "GET", "/mine", 401, NULL },
	{ "GET", "/served", 401, NULL },
	{ "GET", "/things/all", 204, NULL },
	{ "PATCH", "/things/all", 405, "GET, HEAD" }, /* the literal path, not an id */
	{ "GET", "/things/" USER_ID, 405, "PATCH, DELETE" },
	{ "PATCH", "/things/" USER_ID, 204, NULL },
	{ "PATCH", "/things/11111111-2222-4333-8444-AAAAAAAAAAAA", 204, NULL },
	{ "PATCH", "/things/", 404, NULL },
	{ "PATCH", "/things/x", 404, NULL },
	{ "PATCH", "/things/" USER_ID "0", 404, NULL },
	{ "PATCH", "/things/" USER_ID "/", 404, NULL },
	{ "GET", "/things/" USER_ID "/parts/p", 204, NULL },
	{ "GET", "/things/" USER_ID "/parts/", 404, NULL },
	{ "GET", "/things//parts/p", 404, NULL },
	{ "GET", "/files/" USER_ID ".ics", 204, NULL },
	{ "POST", "/files/" USER_ID ".ics", 405, "GET, HEAD" },
	{ "GET", "/files/" USER_ID ".ics.ics", 404, NULL }, /* the id is "….ics" */
	{ "GET", "/files/" USER_ID ".icsx", 404, NULL },
	{ "POST", "/files/" USER_ID ".icsx", 404, NULL },
	{ "POST", "/files/" USER_ID, 404, NULL },
	{ "POST", "/files/.ics", 404, NULL },
	{ "POST", "/files/", 404, NULL },
	{ "POST", "/files/x.ics", 405, "GET, HEAD" },
	{ "GET", "/files/" USER_ID ".ics/parts", 204, NULL },
	{ "GET", "/files/" USER_ID ".ics/", 404, NULL },
};

static const struct {
	const char *type, *body;
	int status;
} bodies[] = {
	{ NULL, "", 204 },
	{ "text/plain", "", 204 },
	{ "application/json", "{}", 204 },
	{ "application/json", "null", 204 },
	{ "Application/JSON; charset=utf-8", "{}", 204 },
	{ "application/jsonp", "{}", 415 },
	{ "text/plain", "{}", 415 },
	{ NULL, "{}", 415 },
	{ "application/json", "[]", 400 },
	{ "application/json", "1", 400 },
	{ "application/json", "{", 400 },
	{ "application/json", "{\"a\":1,\"a\":2}", 400 },
	{ "application/json", " ", 400 },
};

/* Under strict handling: the query, what the answer to a GET is. */
static const struct {
	const char *path, *query;
	int status;
} queries[] = {
	{ "/search", "", 204 },
	{ "/search", "word=x&word=y", 204 },
	{ "/search", "Word=x", 400 },
	{ "/search", "word=x&%00=y", 400 },
	{ "/open", "", 204 },
	{ "/open", "&&", 204 },
	{ "/open", "word=x", 400 },
	{ "/mine", "word=x", 401 },
};

static const struct {
	const char *authorization, *fetch_site, *origin;
	int status;
} sites[] = {
	{ NULL, NULL, NULL, 204 }, { NULL, "same-origin", NULL, 204 },
	{ NULL, "same-origin", "https://evil.example", 204 }, /* the header no script can set */
	{ NULL, "same-site", NULL, 403 }, { NULL, "cross-site", "http://here", 403 },
	{ NULL, "none", NULL, 403 }, { NULL, NULL, "http://here", 204 },
	{ NULL, NULL, "http://HERE", 403 }, { NULL, NULL, "null", 403 },
	{ NULL, NULL, "http://here.evil.example", 403 },
	{ "Bearer x", "cross-site", "http://evil.example", 204 }, /* not sent by itself */
};

static const struct {
	const char *authorization, *cookie, *error;
} credentials[] = {
	{ NULL, NULL, "Missing authorization" },
	{ NULL, "other=1", "Missing authorization" },
	{ NULL, "__Host-token=x", "Missing authorization" }, /* not over TLS here */
	{ NULL, "token=x", "Invalid or expired token" },
	{ "Basic eDp5", NULL, "Invalid authorization format" },
	{ "Bearer", NULL, "Invalid authorization format" },
	{ "Bearer ", NULL, "Invalid authorization format" },
	{ "Bearer a b", NULL, "Invalid authorization format" },
	{ "Bearer a,b", NULL, "Invalid authorization format" },
	{ "bearer x", NULL, "Invalid or expired token" },
	{ "Bearer x.y.z", NULL, "Invalid or expired token" },
	{ "Bearer car_agent_short", NULL, "Invalid API key" },
	{ "Bearer car_", NULL, "Invalid API key" },
};

/* If-None-Match against "a1". */
static const struct {
	const char *list;
	bool want;
} tags[] = {
	{ NULL, false },
	{ "", false },
	{ "\"a1\"", true },
	{ "W/\"a1\"", true },
	{ "\"b\", \"a1\"", true },
	{ "\"a1\",\"b\"", true },
	{ "*", true },
	{ "a1", false },
	{ "\"a12\"", false },
	{ "\"xa1\"", false },
	{ "\"x\"a1\"y\"", false },
};

static const struct conf conf = {
	.keys = { 1, { { NULL, "0123456789abcdef0123456789abcdef" } } },
};

static int
ask(struct req *rq, struct reply *rp, const char *method, const char *path)
{
	*rp = (struct reply){ 0 };
	rq->conf = &conf;
	rq->now = NOW;
	rq->id = "test";
	rq->query = rq->query != NULL ? rq->query : "";
	rq->origin_self = "http://here";
	rq->method = method;
	rq->path = path;
	return http_dispatch(table, rq, rp);
}

/* The text of {"error":text}. */
static const char *
error_of(struct arena *a, const struct reply *rp)
{
	static const char head[] = "{\"error\":\"";

	if (rp->body.n < sizeof(head) + 1 || strncmp(rp->body.s, head, sizeof(head) - 1) != 0)
		return "no error";
	return arena_ndup(a, rp->body.s + sizeof(head) - 1, rp->body.n - sizeof(head) - 1);
}

static void
good_token(struct arena *a)
{
	struct token t = { .user = USER_ID,
		.session = USER_ID,
		.email = "a@example.com",
		.issued = NOW,
		.expires = NOW + 60 };
	const char *text = token_make(a, &t, &conf.keys);
	struct req rq = { .a = a, .cookie = arena_fmt(a, "a=b; token=%s", text) };
	struct reply rp;

	T_OK(ask(&rq, &rp, "GET", "/mine") == 204, "by cookie: %s", error_of(a, &rp));
	T_SAME(rq.user, USER_ID, "the user");
	rq = (struct req){ .a = a, .authorization = arena_fmt(a, "Bearer %s", text) };
	T_OK(ask(&rq, &rp, "GET", "/mine") == 204, "by header: %s", error_of(a, &rp));
	rq = (struct req){ .a = a,
		.authorization = "Bearer x",
		.cookie = arena_fmt(a, "token=%s", text) };
	T_OK(ask(&rq, &rp, "GET", "/mine") == 401, "the header beats the cookie");
	rq = (struct req){ .a = a,
		.cookie = arena_fmt(a, "token=%s", text),
		.fetch_site = "cross-site" };
	T_OK(ask(&rq, &rp, "GET", "/mine") == 204, "reading is no write");
	T_OK(ask(&rq, &rp, "POST", "/open") == 403, "a write from elsewhere");
}

/* The handler is called before anybody has looked for the key. */
static void
inline_key(struct arena *a)
{
	struct req rq = { .a = a,
		.authorization =
		    "Bearer car_client_0123456789abcdef0123456789abcdef0123456789abcdef" };
	struct reply rp;

	T_OK(ask(&rq, &rp, "GET", "/served") == 204, "by key: %s", error_of(a, &rp));
	T_SAME(rq.key_hash, token_hash(a, rq.authorization + strlen("Bearer ")), "the hash");
	T_OK(rq.key == NULL && rq.user == NULL, "nobody is known yet");
}

/* What a signature vouches for may come from anywhere, in any form, beside any credentials. */
static void
signed_requests(struct arena *a)
{
	struct req rq = { .a = a,
		.raw = "a=b",
		.raw_len = 3,
		.content_type = "application/x-www-form-urlencoded",
		.fetch_site = "cross-site",
		.origin = "https://evil.example",
		.authorization = "Bearer garbage",
		.cookie = "token=garbage" };
	struct reply rp;

	T_OK(ask(&rq, &rp, "POST", "/signed") == 204, "%s", error_of(a, &rp));
	T_OK(rq.user == NULL && rq.key == NULL && rq.body == NULL, "nobody calls");
	T_OK(ask(&rq, &rp, "GET", "/signed") == 405, "GET");
	T_SAME(rp.allow, "POST", "Allow");
}

int
main(void)
{
	struct arena a;
	struct reply rp;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct req rq = { .a = &a };

		T_OK(ask(&rq, &rp, paths[i].method, paths[i].path) == paths[i].status, "%s %s: %d",
		    paths[i].method, paths[i].path, rp.status);
		T_SAME(rp.allow, paths[i].allow, paths[i].path);
	}
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct req rq = { .a = &a,
			.content_type = bodies[i].type,
			.raw = bodies[i].body,
			.raw_len = strlen(bodies[i].body) };

		T_OK(ask(&rq, &rp, "POST", "/open") == bodies[i].status, "body %zu: %d", i,
		    rp.status);
	}
	for (size_t i = 0; i < COUNT(queries); i++) {
		struct req rq = { .a = &a, .query = queries[i].query, .prefer = "handling=strict" };

		T_OK(ask(&rq, &rp, "GET", queries[i].path) == queries[i].status, "query %zu: %d", i,
		    rp.status);
	}
	for (size_t i = 0; i < COUNT(sites); i++) {
		struct req rq = { .a = &a,
			.authorization = sites[i].authorization,
			.fetch_site = sites[i].fetch_site,
			.origin = sites[i].origin };

		T_OK(ask(&rq, &rp, "POST", "/open") == sites[i].status, "site %zu: %d", i,
		    rp.status);
	}
	for (size_t i = 0; i < COUNT(credentials); i++) {
		struct req rq = { .a = &a,
			.authorization = credentials[i].authorization,
			.cookie = credentials[i].cookie };

		T_OK(ask(&rq, &rp, "GET", "/mine") == 401, "credentials %zu: %d", i, rp.status);
		T_SAME(error_of(&a, &rp), credentials[i].error, "credentials");
		T_OK(ask(&rq, &rp, "GET", "/served") == 401, "of a key %zu: %d", i, rp.status);
		T_SAME(error_of(&a, &rp), credentials[i].error, "credentials of a key");
	}
	for (size_t i = 0; i < COUNT(tags); i++)
		T_OK(http_tag_matches(tags[i].list, "\"a1\"") == tags[i].want, "tags %zu", i);
	inline_key(&a);
	good_token(&a);
	signed_requests(&a);
	arena_free(&a);
	return T_DONE("http");
}
