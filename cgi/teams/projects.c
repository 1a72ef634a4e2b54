/* teams: projects and their environments. */
#include "cgi/teams/teams.h"

#include "field.h"
#include "queries.h"

static const char *const digest_words[] = { "none", "hourly", "6_hourly", "daily", "weekly", NULL };

static void
project_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "team_id");
	row_text(o, rows, row, "name");
	row_text(o, rows, row, "issue_digest");
	row_json(o, rows, row, "environments");
	row_moment(o, rows, row, "snippet_seen_at");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

int
list_projects(struct req *rq, struct reply *rp)
{
	static const struct listing projects = { &q_projects_page, "Team", "projects",
		project_json };

	return listing_page(rq, rp, &projects);
}

int
show_project(struct req *rq, struct reply *rp)
{
	static const struct listing project = { &q_project_show, "Project", "project",
		project_json };

	return listing_one(rq, rp, &project);
}

struct project_change {
	struct change c;
	const char *name, *issue_digest;
};

/* ---- POST /v1/teams/{team}/projects ---- */

static const struct field add_fields[] = {
	TEXT(struct project_change, name, REQUIRED, 1, NAME_MAX_CHARS),
	WORD(struct project_change, issue_digest, OPTIONAL, digest_words),
	{ 0 },
};

static enum db_status
add_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *made = NULL;
	struct project_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_team_enter, RIGHT_EDIT, NULL)) != DB_OK)
		return st;
	st = db_exec(tx, &q_project_add, DB_ARGS(c->id, rq->user, w->name, w->issue_digest), &made);
	if (st != DB_OK)
		return st;
	c->after = row_object(rq->a, made, 0, project_json);
	return change_audit(tx, c, "project.created", "project", rows_text(made, 0, "id"));
}

int
add_project(struct req *rq, struct reply *rp)
{
	struct project_change w = { 0 };

	if (field_read(rq, rp, add_fields, &w) != 0 || change_begin(&w.c, rq, rp, "Team") != 0)
		return rp->status;
	return change_reply(rq, rp, db_tx(rq->db, add_body, &w), &w.c, 201, "project");
}

/* ---- PATCH /v1/projects/{project} ---- */

static const struct field change_fields[] = {
	TEXT(struct project_change, name, OPTIONAL, 1, NAME_MAX_CHARS),
	WORD(struct project_change, issue_digest, OPTIONAL, digest_words),
	{ 0 },
};

static enum db_status
change_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *old = NULL, *new = NULL;
	struct project_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_project_enter, RIGHT_EDIT, &old)) != DB_OK)
		return st;
	c->before = row_object(rq->a, old, 0, project_json);
	st = db_exec(tx, &q_project_change, DB_ARGS(c->id, rq->user, w->name, w->issue_digest),
	    &new);
	if (st != DB_OK)
		return st;
	c->after = row_object(rq->a, new, 0, project_json);
	return change_audit(tx, c, "project.updated", "project", c->id);
}

int
change_project(struct req *rq, struct reply *rp)
{
	struct project_change w = { 0 };

	if (field_read(rq, rp, change_fields, &w) != 0 ||
	    change_begin(&w.c, rq, rp, "Project") != 0)
		return rp->status;
	return change_reply(rq, rp, db_tx(rq->db, change_body, &w), &w.c, 200, "project");
}
