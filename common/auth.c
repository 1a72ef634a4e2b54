#include "auth.h"

#include <string.h>
#include <strings.h>

#include "queries.h"
#include "text.h"
#include "token_cache.h"

#define KEY_PREFIX "car_"

const char *
auth_cookie_name(const struct req *rq)
{
	return rq->tls ? "__Host-token" : "token";
}

int
auth_bad_token(struct req *rq, struct reply *rp)
{
	return http_fail(rq, rp, 401, "Invalid or expired token");
}

int
auth_bad_key(struct req *rq, struct reply *rp)
{
	return http_fail(rq, rp, 401, "Invalid API key");
}

/* 0, or the status answered: the session has ended. */
static int
check_session(struct req *rq, struct reply *rp, const char *user, const char *session)
{
	enum db_status st = db_read(rq->db, &q_caller_session, DB_ARGS(user, session), NULL);

	if (st == DB_NONE)
		return auth_bad_token(rq, rp);
	return st != DB_OK ? http_db(rq, rp, st) : 0;
}

static int
user_caller(struct req *rq, struct reply *rp, enum access access, const char *text, size_t n)
{
	struct token *t = arena_alloc(rq->a, sizeof(*t));

	if (token_cache_check(rq->a, text, n, &rq->conf->keys, rq->now, t) != TOKEN_OK)
		return auth_bad_token(rq, rp);
	if (access != INBOX && check_session(rq, rp, t->user, t->session) != 0)
		return rp->status;
	if (access == CLIENT_KEY || access == KEY_INLINE)
		return http_fail(rq, rp, 403, "Client key required");
	if (access == ANY_KEY)
		return http_fail(rq, rp, 403, "API key required");
	rq->user = t->user;
	rq->session = t->session;
	return 0;
}

static const char *
kept(struct req *rq, const struct db_rows *rows, const char *col)
{
	const char *v = rows_text(rows, 0, col);

	return v != NULL ? arena_dup(rq->a, v) : NULL;
}

/* A key's row: rq->key, with what every statement says of one; or NULL, and it was answered. */
static struct api_key *
known_key(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows)
{
	struct api_key *key = NULL;

	if (st == DB_NONE)
		auth_bad_key(rq, rp);
	else if (st != DB_OK)
		http_db(rq, rp, st);
	else if (rows_bool(rows, 0, "expired"))
		http_fail(rq, rp, 401, "API key expired");
	else {
		key = arena_alloc(rq->a, sizeof(*key));
		key->id = kept(rq, rows, "id");
		key->kind = kept(rq, rows, "kind");
		if (rows_bool(rows, 0, "stale"))
			st = db_write(rq->db, &q_caller_key_used, DB_ARGS(key->id), NULL);
	}
	rq->key = key;
	return key;
}

static int
must_be(struct req *rq, struct reply *rp, const char *kind, const char *refusal)
{
	return strcmp(rq->key->kind, kind) == 0 ? 0 : http_fail(rq, rp, 403, "%s", refusal);
}

int
auth_client_key(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows)
{
	if (known_key(rq, rp, st, rows) == NULL)
		return rp->status;
	return must_be(rq, rp, "client", "Client key required");
}

static int
key_caller(struct req *rq, struct reply *rp, enum access access, const char *text, size_t n)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct api_key *key;
	enum db_status st;

	if (!token_is_api_key(text, n))
		return auth_bad_key(rq, rp);
	rq->key_hash = token_cache_hash(rq->a, text);
	if (access == KEY_INLINE)
		return 0;
	st = db_read(rq->db, &q_caller_key, DB_ARGS(rq->key_hash), &rows);
	if ((key = known_key(rq, rp, st, rows)) == NULL)
		return rp->status;
	key->project = kept(rq, rows, "project_id");
	key->environment = kept(rq, rows, "environment_id");
	if (access == ANY_KEY)
		return 0;
	if (access == CLIENT_KEY)
		return must_be(rq, rp, "client", "Client key required");
	if (access != USER_OR_AGENT)
		return http_fail(rq, rp, 403, "User authentication required");
	return must_be(rq, rp, "agent", "User or agent key required");
}

int
auth_caller(struct req *rq, struct reply *rp, enum access access)
{
	const char *text = rq->authorization;
	size_t n = 0;

	if (text == NULL) {
		text = text_cookie(rq->cookie != NULL ? rq->cookie : "", auth_cookie_name(rq), &n);
		if (text == NULL)
			return http_fail(rq, rp, 401, "Missing authorization");
		return user_caller(rq, rp, access, text, n);
	}
	if (strncasecmp(text, "Bearer ", 7) != 0 || (n = strlen(text + 7)) == 0 ||
	    strcspn(text + 7, " \t,") != n)
		return http_fail(rq, rp, 401, "Invalid authorization format");
	if (strncmp(text + 7, KEY_PREFIX, strlen(KEY_PREFIX)) == 0)
		return key_caller(rq, rp, access, text + 7, n);
	return user_caller(rq, rp, access, text + 7, n);
}

int
auth_late(struct req *rq, struct reply *rp, enum access access)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;

	if (access == KEY_INLINE && rq->key_hash != NULL && rq->key == NULL) {
		st = db_read(rq->db, &q_caller_key, DB_ARGS(rq->key_hash), &rows);
		auth_client_key(rq, rp, st, rows);
	} else if (access == INBOX && rq->user != NULL) {
		check_session(rq, rp, rq->user, rq->session);
	}
	return rp->status;
}

/*
 * A browser says where a request comes from; curl does not, and needs not.  With an
 * Authorization header nothing was sent behind the user's back.
 */
int
auth_same_site(struct req *rq, struct reply *rp)
{
	if (rq->authorization != NULL)
		return 0;
	if (rq->fetch_site != NULL ? strcmp(rq->fetch_site, "same-origin") == 0
				   : rq->origin == NULL || strcmp(rq->origin, rq->origin_self) == 0)
		return 0;
	return http_fail(rq, rp, 403, "Cross-site request refused");
}
