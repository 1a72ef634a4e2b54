#include "change.h"

#include "version.h"

int
change_begin(struct change *c, struct req *rq, struct reply *rp, const char *noun)
{
	c->rq = rq;
	c->noun = noun;
	c->id = http_id(rq, rp, 0, noun);
	return c->id != NULL ? 0 : rp->status;
}

enum db_status
change_refuse(struct change *c, int status, const char *why)
{
	c->status = status;
	c->why = why;
	return DB_NONE;
}

enum db_status
change_missing(struct change *c)
{
	return change_refuse(c, 404, arena_fmt(c->rq->a, "%s not found", c->noun));
}

enum db_status
change_enter(struct db_tx *tx, struct change *c, const struct db_stmt *stmt, enum right right,
    struct db_rows **rows)
{
	SCOPED(rows_free) struct db_rows *found = NULL;
	struct arena *a = c->rq->a;
	enum db_status st;

	c->before = c->after = c->why = NULL;
	c->status = 0;
	st = db_exec(tx, stmt, DB_ARGS(c->id, http_caller(c->rq)), &found);
	if (st == DB_NONE)
		return change_missing(c);
	if (st != DB_OK)
		return st;
	c->team = arena_dup(a, rows_text(found, 0, "team_id"));
	c->role = arena_dup(a, rows_text(found, 0, "role"));
	if (!rights_allow(c->role, right))
		return change_refuse(c, 403, "Forbidden");
	if (rows != NULL)
		*rows = TAKE(found);
	return DB_OK;
}

enum db_status
change_open(struct db_tx *tx, struct change *c, const struct db_stmt *enter,
    const struct db_stmt *show, enum right right, struct db_rows **now)
{
	enum db_status st = change_enter(tx, c, enter, right, NULL);

	if (st != DB_OK)
		return st;
	/* A statement of its own: it sees what the lock has waited for. */
	return db_exec(tx, show, DB_ARGS(c->id, http_caller(c->rq)), now);
}

enum db_status
change_version(struct change *c, const struct db_rows *row, const char *seen)
{
	const char *now = rows_text(row, 0, "version");

	if (version_matches(now, seen, c->rq->if_match))
		return DB_OK;
	return change_refuse(c, 412, arena_fmt(c->rq->a, "version is stale: it is %s now", now));
}

enum db_status
change_audit(struct db_tx *tx, const struct change *c, const char *action, const char *kind,
    const char *id)
{
	struct audit entry = { c->team, action, kind, id, c->before, c->after };

	if (c->before != NULL && c->after != NULL && strcmp(c->before, c->after) == 0)
		return DB_OK;
	return audit_write(tx, c->rq, &entry);
}

int
change_failed(struct req *rq, struct reply *rp, enum db_status st, const struct change *c)
{
	if (st == DB_NONE && c->status != 0)
		return http_fail(rq, rp, c->status, "%s", c->why);
	return st != DB_OK ? http_db(rq, rp, st) : 0;
}

int
change_reply(struct req *rq, struct reply *rp, enum db_status st, const struct change *c,
    int status, const char *key)
{
	if (change_failed(rq, rp, st, c) != 0)
		return rp->status;
	return http_object(rq, rp, status, key, c->after);
}

int
change_gone(struct req *rq, struct reply *rp, enum db_status st, const struct change *c,
    const char *id)
{
	return change_failed(rq, rp, st, c) != 0 ? rp->status : http_gone(rq, rp, id);
}
