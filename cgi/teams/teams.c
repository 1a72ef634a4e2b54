/*
 * teams - a team's settings, and the routes of everything that belongs to a team.
 *
 *   GET|PATCH    /v1/teams/{team}                  name, strict_schedules
 *   GET|POST     /v1/teams/{team}/members          members.c
 *   PATCH|DELETE /v1/teams/{team}/members/{user}
 *   DELETE       /v1/teams/{team}/members/{user}/suppression   deliveries.c
 *   GET          /v1/teams/{team}/deliveries
 *   POST         /v1/teams/{team}/deliveries/{id}/replay
 *   GET|POST     /v1/teams/{team}/keys             keys.c
 *   DELETE       /v1/teams/{team}/keys/{id}
 *   GET          /v1/teams/{team}/audit            audit.c
 *   GET|POST     /v1/teams/{team}/projects         projects.c
 *   GET|PATCH    /v1/projects/{project}
 *
 * Not a member: 404.  A member without the right (common/rights.c): 403.
 * SQL: sql/query/teams.sql.
 */
#include "cgi/teams/teams.h"

#include "field.h"
#include "page.h"
#include "queries.h"

static void
team_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "name");
	row_bool(o, rows, row, "strict_schedules");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

static int
show_team(struct req *rq, struct reply *rp)
{
	static const struct listing team = { &q_team_show, "Team", "team", team_json };

	return listing_one(rq, rp, &team);
}

struct team_change {
	struct change c;
	const char *name;
	enum field_bool strict_schedules;
};

static const struct field team_fields[] = {
	TEXT(struct team_change, name, OPTIONAL, 1, NAME_MAX_CHARS),
	BOOL(struct team_change, strict_schedules, OPTIONAL),
	{ 0 },
};

static enum db_status
team_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *old = NULL, *new = NULL;
	struct team_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_team_enter_locked, RIGHT_MANAGE, &old)) != DB_OK)
		return st;
	c->before = row_object(rq->a, old, 0, team_json);
	st = db_exec(tx, &q_team_change,
	    DB_ARGS(c->id, rq->user, w->name, field_flag(w->strict_schedules)), &new);
	if (st != DB_OK)
		return st;
	c->after = row_object(rq->a, new, 0, team_json);
	return change_audit(tx, c, "team.updated", "team", c->team);
}

static int
change_team(struct req *rq, struct reply *rp)
{
	struct team_change w = { 0 };

	if (field_read(rq, rp, team_fields, &w) != 0 || change_begin(&w.c, rq, rp, "Team") != 0)
		return rp->status;
	return change_reply(rq, rp, db_tx(rq->db, team_body, &w), &w.c, 200, "team");
}

static const char *const failed_params[] = { "status", "cursor", "limit", NULL };

const struct route routes[] = {
	{ "GET", "/v1/teams/{team}", USER, show_team },
	{ "PATCH", "/v1/teams/{team}", USER, change_team },
	{ "GET", "/v1/teams/{team}/members", USER, list_members, page_params },
	{ "POST", "/v1/teams/{team}/members", USER, add_member },
	{ "PATCH", "/v1/teams/{team}/members/{user}", USER, change_member },
	{ "DELETE", "/v1/teams/{team}/members/{user}", USER, remove_member },
	{ "DELETE", "/v1/teams/{team}/members/{user}/suppression", USER, lift_suppression },
	{ "GET", "/v1/teams/{team}/deliveries", USER, list_failed, failed_params },
	{ "POST", "/v1/teams/{team}/deliveries/{id}/replay", USER, replay_delivery },
	{ "GET", "/v1/teams/{team}/keys", USER, list_keys, page_params },
	{ "POST", "/v1/teams/{team}/keys", USER, add_key },
	{ "DELETE", "/v1/teams/{team}/keys/{id}", USER, remove_key },
	{ "GET", "/v1/teams/{team}/audit", USER, list_audit, page_params },
	{ "GET", "/v1/teams/{team}/projects", USER, list_projects, page_params },
	{ "POST", "/v1/teams/{team}/projects", USER, add_project },
	{ "GET", "/v1/projects/{project}", USER, show_project },
	{ "PATCH", "/v1/projects/{project}", USER, change_project },
	{ NULL, NULL, 0, NULL },
};
