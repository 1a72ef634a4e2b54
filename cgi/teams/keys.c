/* teams: API keys.  Their secret is shown once, in the answer that makes one. */
#include "cgi/teams/teams.h"

#include "field.h"
#include "queries.h"
#include "token.h"

#define PREFIX_HEX      6 /* digits of a secret that people may see */
#define ENVIRONMENT_MAX 200

static void
key_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "name");
	row_text(o, rows, row, "kind");
	row_text(o, rows, row, "prefix");
	row_text(o, rows, row, "project_id");
	row_named(o, rows, row, "environment");
	row_text(o, rows, row, "created_by");
	row_moment(o, rows, row, "last_used_at");
	row_moment(o, rows, row, "expires_at");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

int
list_keys(struct req *rq, struct reply *rp)
{
	static const struct listing keys = { &q_keys_page, "Team", "keys", key_json };

	return listing_page(rq, rp, &keys);
}

/* ---- POST …/keys ---- */

struct key_change {
	struct change c;
	const char *name, *kind, *project_id, *environment, *expires_at;
	const char *secret, *prefix;
	const char *key; /* in the path */
};

static const char *const kind_words[] = { "agent", "client", NULL };

static const struct field add_fields[] = {
	TEXT(struct key_change, name, REQUIRED, 1, NAME_MAX_CHARS),
	WORD(struct key_change, kind, REQUIRED, kind_words),
	UUID(struct key_change, project_id, NULLABLE),
	TEXT(struct key_change, environment, NULLABLE, 1, ENVIRONMENT_MAX),
	TIME(struct key_change, expires_at, NULLABLE),
	{ 0 },
};

/* What stands against the input, by itself; NULL: nothing. */
static const char *
key_rule(const struct key_change *w)
{
	bool is_client = strcmp(w->kind, "client") == 0;

	if (is_client && w->project_id == NULL)
		return "project_id is needed for a client key";
	if (is_client && w->environment == NULL)
		return "environment is needed for a client key";
	if (!is_client && w->project_id != NULL)
		return "project_id is for client keys only";
	if (!is_client && w->environment != NULL)
		return "environment is for client keys only";
	return NULL;
}

static void
make_secret(struct key_change *w)
{
	struct arena *a = w->c.rq->a;
	const char *start = arena_fmt(a, "car_%s_", w->kind);

	w->secret = token_api_key(a, start);
	w->prefix = arena_ndup(a, w->secret, strlen(start) + PREFIX_HEX);
}

static enum db_status
add_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *place = NULL, *made = NULL;
	struct key_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	const char *project = NULL, *environment = NULL, *rule = key_rule(w);
	enum db_status st;

	if ((st = change_enter(tx, c, &q_team_enter, RIGHT_MANAGE, NULL)) != DB_OK)
		return st;
	if (rule != NULL)
		return change_refuse(c, 422, rule);
	if (w->project_id != NULL) {
		st = db_exec(tx, &q_key_place,
		    DB_ARGS(c->id, rq->user, w->project_id, w->environment), &place);
		if (st == DB_NONE)
			return change_refuse(c, 404, "Project not found");
		if (st != DB_OK)
			return st;
		project = rows_text(place, 0, "project_id");
		environment = rows_text(place, 0, "environment_id");
		if (environment == NULL)
			return change_refuse(c, 422, "environment must be one of the project's");
	}
	st = db_exec(tx, &q_key_add,
	    DB_ARGS(c->id, rq->user, w->kind, w->name, w->prefix, token_hash(rq->a, w->secret),
		project, environment, w->expires_at),
	    &made);
	if (st == DB_NONE)
		return change_refuse(c, 422, "expires_at must be in the future");
	if (st != DB_OK)
		return st;
	c->after = row_object(rq->a, made, 0, key_json);
	return change_audit(tx, c, "key.created", "key", rows_text(made, 0, "id"));
}

int
add_key(struct req *rq, struct reply *rp)
{
	struct key_change w = { 0 };
	struct out *o;

	if (field_read(rq, rp, add_fields, &w) != 0 || change_begin(&w.c, rq, rp, "Team") != 0)
		return rp->status;
	make_secret(&w);
	if (change_failed(rq, rp, db_tx(rq->db, add_body, &w), &w.c) != 0)
		return rp->status;
	o = http_begin(rq, rp, 201);
	out_open(o, '{');
	out_key(o, "key");
	out_json(o, w.c.after);
	out_key(o, "secret");
	out_text(o, w.secret);
	out_close(o, '}');
	return rp->status;
}

/* ---- DELETE …/keys/{id} ---- */

static enum db_status
remove_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *gone = NULL;
	struct key_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_team_enter, RIGHT_MANAGE, NULL)) != DB_OK)
		return st;
	st = db_exec(tx, &q_key_remove, DB_ARGS(c->id, rq->user, w->key), &gone);
	if (st == DB_NONE)
		return change_refuse(c, 404, "Key not found");
	if (st != DB_OK)
		return st;
	c->before = row_object(rq->a, gone, 0, key_json);
	return change_audit(tx, c, "key.revoked", "key", w->key);
}

int
remove_key(struct req *rq, struct reply *rp)
{
	struct key_change w = { 0 };

	if (change_begin(&w.c, rq, rp, "Key") != 0 || (w.key = http_id(rq, rp, 1, "Key")) == NULL)
		return rp->status;
	return change_gone(rq, rp, db_tx(rq->db, remove_body, &w), &w.c, w.key);
}
