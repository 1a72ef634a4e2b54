/* teams: who is in a team, and as what. */
#include "cgi/teams/teams.h"

#include "field.h"
#include "queries.h"

static void
member_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "email");
	row_text(o, rows, row, "name");
	row_text(o, rows, row, "role");
	row_moment(o, rows, row, "mail_fails_since");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

int
list_members(struct req *rq, struct reply *rp)
{
	static const struct listing members = { &q_members_page, "Team", "members", member_json };

	return listing_page(rq, rp, &members);
}

struct member_change {
	struct change c;
	const char *email, *role;
	const char *user; /* in the path */
};

/* DB_OK when the caller may turn a member from old to new, else refused. */
static enum db_status
check_roles(struct change *c, const char *old, const char *new, long owners)
{
	switch (rights_change(c->role, old, new, owners)) {
	case RIGHTS_OK:
		return DB_OK;
	case RIGHTS_LAST_OWNER:
		return change_refuse(c, 422, "The last owner cannot go");
	case RIGHTS_FORBIDDEN:
	default:
		return change_refuse(c, 403, "Forbidden");
	}
}

/* ---- POST …/members ---- */

static const struct field add_fields[] = {
	EMAIL(struct member_change, email, REQUIRED),
	WORD(struct member_change, role, REQUIRED, role_names),
	{ 0 },
};

static enum db_status
add_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *made = NULL;
	struct member_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_team_enter_locked, RIGHT_MANAGE, NULL)) != DB_OK ||
	    (st = check_roles(c, NULL, w->role, 1)) != DB_OK)
		return st;
	st = db_exec(tx, &q_member_account, DB_ARGS(w->email), NULL);
	if (st != DB_OK && st != DB_NONE)
		return st;
	st = db_exec(tx, &q_member_add, DB_ARGS(c->id, rq->user, w->email, w->role), &made);
	if (st == DB_NONE)
		return change_refuse(c, 409, "Already a member");
	if (st != DB_OK)
		return st;
	c->after = row_object(rq->a, made, 0, member_json);
	return change_audit(tx, c, "member.added", "member", rows_text(made, 0, "id"));
}

int
add_member(struct req *rq, struct reply *rp)
{
	struct member_change w = { 0 };

	if (field_read(rq, rp, add_fields, &w) != 0 || change_begin(&w.c, rq, rp, "Team") != 0)
		return rp->status;
	return change_reply(rq, rp, db_tx(rq->db, add_body, &w), &w.c, 201, "member");
}

/* ---- PATCH|DELETE …/members/{user} ---- */

static const struct field change_fields[] = {
	WORD(struct member_change, role, REQUIRED, role_names),
	{ 0 },
};

/*
 * The first steps of both: the caller comes in, the member is there, and the rules have
 * nothing against new (NULL: removal).  The lock on the team keeps the count of owners.
 */
static enum db_status
member_enter(struct db_tx *tx, struct member_change *w, const char *new)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_team_enter_locked, RIGHT_MANAGE, NULL)) != DB_OK)
		return st;
	st = db_exec(tx, &q_member_find, DB_ARGS(c->id, rq->user, w->user), &rows);
	if (st == DB_NONE)
		return change_refuse(c, 404, "Member not found");
	if (st != DB_OK)
		return st;
	c->before = row_object(rq->a, rows, 0, member_json);
	return check_roles(c, rows_text(rows, 0, "role"), new, rows_int(rows, 0, "owners"));
}

static enum db_status
change_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct member_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	enum db_status st;

	if ((st = member_enter(tx, w, w->role)) != DB_OK)
		return st;
	st = db_exec(tx, &q_member_change, DB_ARGS(c->id, rq->user, w->user, w->role), &rows);
	if (st != DB_OK)
		return st;
	c->after = row_object(rq->a, rows, 0, member_json);
	return change_audit(tx, c, "member.role_changed", "member", w->user);
}

int
change_member(struct req *rq, struct reply *rp)
{
	struct member_change w = { 0 };

	if (field_read(rq, rp, change_fields, &w) != 0 ||
	    change_begin(&w.c, rq, rp, "Member") != 0 ||
	    (w.user = http_id(rq, rp, 1, "Member")) == NULL)
		return rp->status;
	return change_reply(rq, rp, db_tx(rq->db, change_body, &w), &w.c, 200, "member");
}

static enum db_status
remove_body(struct db_tx *tx, void *ctx)
{
	struct member_change *w = ctx;
	struct change *c = &w->c;
	enum db_status st;

	if ((st = member_enter(tx, w, NULL)) != DB_OK)
		return st;
	st = db_exec(tx, &q_member_remove, DB_ARGS(c->id, c->rq->user, w->user), NULL);
	if (st != DB_OK)
		return st;
	return change_audit(tx, c, "member.removed", "member", w->user);
}

int
remove_member(struct req *rq, struct reply *rp)
{
	struct member_change w = { 0 };

	if (change_begin(&w.c, rq, rp, "Member") != 0 ||
	    (w.user = http_id(rq, rp, 1, "Member")) == NULL)
		return rp->status;
	return change_gone(rq, rp, db_tx(rq->db, remove_body, &w), &w.c, w.user);
}
