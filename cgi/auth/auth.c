/*
 * auth - logging in with a mailed code, logging out, and who one is.
 *
 *   POST      /v1/auth/send-code    {email}        200 whoever asks; 429 the sixth in an hour
 *   POST      /v1/auth/verify-code  {email,code}   200 and the cookie; 401; 429 after five wrong
 *   POST      /v1/auth/logout       ends this session
 *   POST      /v1/auth/logout-all   ends all of the user's
 *   GET|PATCH /v1/auth/me           {name?,preferences?}
 *   GET|POST  /v1/auth/me/webhooks            webhooks.c
 *   DELETE    /v1/auth/me/webhooks/{id}
 *   POST      /v1/auth/me/webhooks/{id}/test
 *   GET|POST  /unsubscribe/TYPE/LINK   unsubscribe.c
 *
 * A code is kept as a MAC only.  SQL: sql/query/auth.sql.
 */
#include "auth.h"

#include <inttypes.h>
#include <sodium.h>

#include "field.h"
#include "listing.h"
#include "mailing.h"
#include "prefs.h"
#include "queries.h"
#include "text.h"
#include "unsubscribe.h"
#include "webhooks.h"

#define SESSION_SECONDS (14 * 24 * 3600)
#define CODES           1000000u /* six digits */
#define NAME_CHARS      200
#define CODE_CHARS      64
#define PREFS_BYTES     65536

static void
user_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "email");
	row_text(o, rows, row, "name");
	row_json(o, rows, row, "preferences");
	row_json(o, rows, row, "teams");
	row_json(o, rows, row, "mail_problem");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

static int
user_answer(struct req *rq, struct reply *rp, const struct db_rows *rows)
{
	struct out *o = http_begin(rq, rp, 200);

	out_open(o, '{');
	out_key(o, "user");
	user_json(o, rows, 0);
	out_close(o, '}');
	return rp->status;
}

static int
too_many(struct req *rq, struct reply *rp, int64_t wait, const char *text)
{
	rp->retry_after = arena_fmt(rq->a, "%" PRId64, wait > 1 ? wait : 1);
	return http_fail(rq, rp, 429, "%s", text);
}

/* ---- POST /v1/auth/send-code ---- */

struct login {
	struct req *rq;
	const char *email, *code;
	/* what became of it */
	bool done, too_many;
	int64_t wait; /* seconds */
	const char *user, *session;
	struct db_rows *me; /* owned by the handler */
};

static const char *
code_mac(struct login *w, const char *id)
{
	return token_mac(w->rq->a, w->rq->conf->keys.key[0].secret,
	    (const char *const[]){ w->email, id, w->code, NULL });
}

static enum db_status
send_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *turn = NULL, *made = NULL;
	struct login *w = ctx;
	const char *id;
	enum db_status st;

	if ((st = db_exec(tx, &q_code_turn, DB_ARGS(w->email), &turn)) != DB_OK)
		return st;
	id = rows_text(turn, 0, "id");
	st = db_exec(tx, &q_code_add,
	    DB_ARGS(w->email, id, code_mac(w, id), mailing_code(w->rq->a, w->code), w->rq->id),
	    &made);
	if (st != DB_OK)
		return st;
	w->done = rows_bool(made, 0, "made");
	w->wait = rows_int(made, 0, "wait");
	return DB_OK;
}

static const struct field send_fields[] = {
	EMAIL(struct login, email, REQUIRED),
	{ 0 },
};

static int
send_code(struct req *rq, struct reply *rp)
{
	struct login w = { .rq = rq };
	enum db_status st;

	if (field_read(rq, rp, send_fields, &w) != 0)
		return rp->status;
	w.code = arena_fmt(rq->a, "%06" PRIu32, randombytes_uniform(CODES));
	if ((st = db_tx(rq->db, send_body, &w)) != DB_OK)
		return http_db(rq, rp, st);
	if (!w.done)
		return too_many(rq, rp, w.wait, "Too many codes, try again later");
	return http_object(rq, rp, 200, "sent", "true");
}

/* ---- POST /v1/auth/verify-code ---- */

static enum db_status
open_session(struct db_tx *tx, struct login *w)
{
	SCOPED(rows_free) struct db_rows *made = NULL;
	struct arena *a = w->rq->a;
	enum db_status st;

	st = db_exec(tx, &q_session_add, DB_ARGS(w->user, arena_fmt(a, "%d", SESSION_SECONDS)),
	    &made);
	if (st != DB_OK)
		return st;
	w->session = arena_dup(a, rows_text(made, 0, "id"));
	return db_exec(tx, &q_me_show, DB_ARGS(w->user), &w->me);
}

/* A wrong try must be counted, so it commits too. */
static enum db_status
verify_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *newest = NULL, *tried = NULL;
	struct login *w = ctx;
	const char *id;
	enum db_status st;

	w->done = w->too_many = false;
	rows_free(TAKE(w->me));
	if ((st = db_exec(tx, &q_code_newest, DB_ARGS(w->email), &newest)) != DB_OK)
		return st;
	id = rows_text(newest, 0, "id");
	st = db_exec(tx, &q_code_try, DB_ARGS(w->email, id, code_mac(w, id)), &tried);
	if (st != DB_OK)
		return st;
	w->too_many = rows_bool(tried, 0, "too_many");
	w->wait = rows_int(tried, 0, "wait");
	if (!rows_bool(tried, 0, "fits"))
		return DB_NONE;
	w->user = arena_dup(w->rq->a, rows_text(tried, 0, "user_id"));
	w->done = true;
	return open_session(tx, w);
}

/* The Set-Cookie value; value "" clears it. */
static const char *
cookie(struct req *rq, const char *value)
{
	return arena_fmt(rq->a, "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
	    auth_cookie_name(rq), value, value[0] != '\0' ? SESSION_SECONDS : 0,
	    rq->tls ? "; Secure" : "");
}

static int
logged_in(struct req *rq, struct reply *rp, const struct login *w)
{
	struct token t = { .email = w->email, .issued = rq->now };

	t.expires = rq->now + SESSION_SECONDS;
	snprintf(t.user, sizeof(t.user), "%s", w->user);
	snprintf(t.session, sizeof(t.session), "%s", w->session);
	rp->cookie = cookie(rq, token_make(rq->a, &t, &rq->conf->keys));
	return user_answer(rq, rp, w->me);
}

static const struct field verify_fields[] = {
	EMAIL(struct login, email, REQUIRED),
	TEXT(struct login, code, REQUIRED, 1, CODE_CHARS),
	{ 0 },
};

static int
verify_code(struct req *rq, struct reply *rp)
{
	struct login w = { .rq = rq };
	enum db_status st;

	if (field_read(rq, rp, verify_fields, &w) != 0)
		return rp->status;
	st = db_tx(rq->db, verify_body, &w);
	if (st == DB_OK && w.done)
		logged_in(rq, rp, &w);
	else if (st == DB_NONE && w.too_many)
		too_many(rq, rp, w.wait, "Too many tries, ask for a new code");
	else if (st == DB_NONE)
		http_fail(rq, rp, 401, "Invalid or expired code");
	else
		http_db(rq, rp, st);
	rows_free(w.me);
	return rp->status;
}

/* ---- POST /v1/auth/logout, logout-all ---- */

static int
logged_out(struct req *rq, struct reply *rp, enum db_status st)
{
	if (st != DB_OK && st != DB_NONE)
		return http_db(rq, rp, st);
	rp->cookie = cookie(rq, "");
	return http_object(rq, rp, 200, "logged_out", "true");
}

static int
logout(struct req *rq, struct reply *rp)
{
	return logged_out(rq, rp,
	    db_write(rq->db, &q_session_end, DB_ARGS(rq->user, rq->session), NULL));
}

static int
logout_all(struct req *rq, struct reply *rp)
{
	return logged_out(rq, rp, db_write(rq->db, &q_session_end_all, DB_ARGS(rq->user), NULL));
}

/* ---- /v1/auth/me ---- */

/* rows are those of me_show or me_change. */
static int
me_answer(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows)
{
	if (st == DB_NONE)
		return auth_bad_token(rq, rp);
	return st != DB_OK ? http_db(rq, rp, st) : user_answer(rq, rp, rows);
}

static int
show_me(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st = db_read(rq->db, &q_me_show, DB_ARGS(rq->user), &rows);

	return me_answer(rq, rp, st, rows);
}

struct me_change {
	const char *name, *preferences;
};

static const struct field me_fields[] = {
	TEXT(struct me_change, name, OPTIONAL, 0, NAME_CHARS),
	OBJECT(struct me_change, preferences, OPTIONAL, PREFS_BYTES),
	{ 0 },
};

/* 0 with what is chosen in out, or the status already answered. */
static int
read_preferences(struct req *rq, struct reply *rp, struct prefs *out)
{
	json_object *in = NULL;
	const char *name = "";

	if (rq->body == NULL || !json_object_object_get_ex(rq->body, "preferences", &in))
		return 0;
	switch (prefs_read(rq->a, in, rq->strict, out, &name)) {
	case PREFS_OK:
		return 0;
	case PREFS_UNKNOWN:
		return http_fail(rq, rp, 400, "Unknown value: %.*s",
		    (int)text_prefix(name, FIELD_SHOWN_MAX), name);
	case PREFS_INVALID:
	default:
		return http_fail(rq, rp, 400, "Invalid field: %s", name);
	}
}

static int
change_me(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct me_change in = { 0 };
	struct prefs chosen = { 0 };
	enum db_status st;

	if (field_read(rq, rp, me_fields, &in) != 0 || read_preferences(rq, rp, &chosen) != 0)
		return rp->status;
	st = db_write(rq->db, &q_me_change,
	    DB_ARGS(rq->user, in.name, chosen.types, chosen.email_after), &rows);
	return me_answer(rq, rp, st, rows);
}

const struct route routes[] = {
	{ "POST", "/v1/auth/send-code", ANYONE, send_code },
	{ "POST", "/v1/auth/verify-code", ANYONE, verify_code },
	{ "POST", "/v1/auth/logout", USER, logout },
	{ "POST", "/v1/auth/logout-all", USER, logout_all },
	{ "GET", "/v1/auth/me", USER, show_me },
	{ "PATCH", "/v1/auth/me", USER, change_me },
	{ "GET", "/v1/auth/me/webhooks", USER, list_webhooks },
	{ "POST", "/v1/auth/me/webhooks", USER, add_webhook },
	{ "DELETE", "/v1/auth/me/webhooks/{id}", USER, remove_webhook },
	{ "POST", "/v1/auth/me/webhooks/{id}/test", USER, test_webhook },
	{ "GET", "/unsubscribe/{type}/{link}", SIGNED, unsubscribe_show },
	{ "POST", "/unsubscribe/{type}/{link}", SIGNED, unsubscribe_now },
	{ NULL, NULL, 0, NULL },
};
