/* schedule - a flag is enabled or disabled in one environment later (common/plan.h). */
#include <string.h>

#include "cgi/flags/flags.h"
#include "plan.h"
#include "queries.h"

/* What p says of its place, a row of flag_place; the environment may not be there. */
static void
take_place(struct plan *p, const struct db_rows *place)
{
	struct arena *a = p->c.rq->a;

	p->resource = NULL;
	if (rows_text(place, 0, "place_id") == NULL)
		return;
	p->resource = arena_dup(a, rows_text(place, 0, "place_id"));
	p->project = arena_dup(a, rows_text(place, 0, "project_id"));
	p->name = arena_dup(a, rows_text(place, 0, "name"));
	p->environment_id = arena_dup(a, rows_text(place, 0, "environment_id"));
	p->environment_name = arena_dup(a, rows_text(place, 0, "environment_name"));
	p->resource_version = arena_dup(a, rows_text(place, 0, "version"));
	p->status = arena_dup(a, rows_text(place, 0, "status"));
	p->enabled = rows_bool(place, 0, "enabled");
}

static enum db_status
find(struct db_tx *tx, struct plan *p)
{
	SCOPED(rows_free) struct db_rows *place = NULL;
	enum db_status st;

	st = db_exec(tx, &q_flag_place, DB_ARGS(p->c.id, p->c.rq->user, p->environment), &place);
	if (st == DB_OK)
		take_place(p, place);
	return st == DB_NONE ? DB_OK : st; /* enter() says what is missing */
}

static enum db_status
enter(struct db_tx *tx, struct plan *p)
{
	SCOPED(rows_free) struct db_rows *place = NULL;
	enum db_status st;

	if ((st = change_enter(tx, &p->c, p->preview ? &q_flag_show : &q_flag_enter, RIGHT_PUBLISH,
		 NULL)) != DB_OK)
		return st;
	st = db_exec(tx, &q_flag_place, DB_ARGS(p->c.id, p->c.rq->user, p->environment), &place);
	if (st == DB_NONE) /* gone meanwhile: a preview locks nothing */
		return change_missing(&p->c);
	if (st != DB_OK)
		return st;
	take_place(p, place);
	return p->resource != NULL ? DB_OK : change_refuse(&p->c, 404, "Environment not found");
}

static const char *
rule(struct plan *p)
{
	if (strcmp(p->status, "ARCHIVED") == 0)
		return "The flag is archived";
	if (!p->begins && !p->enabled)
		return arena_fmt(p->c.rq->a, "enable_at is required: the flag is not enabled in %s",
		    p->environment_name);
	return NULL;
}

static enum db_status
touch(struct db_tx *tx, struct plan *p)
{
	return db_exec(tx, &q_flag_touch, DB_ARGS(p->c.id, p->c.rq->user), NULL);
}

static const struct field fields[] = { PLAN_FIELDS("enable_at", "disable") };

static const struct plan_kind flag_plan = {
	.resource_kind = "flag_environment",
	.noun = "Flag",
	.first_key = "enable_at",
	.end_key = "disable",
	.first_moment = "enable",
	.end_moment = "disable",
	.fields = fields,
	.show = &q_flag_schedule,
	.find = find,
	.enter = enter,
	.touch = touch,
	.release = touch,
	.rule = rule,
};

int
show_schedule(struct req *rq, struct reply *rp)
{
	return plan_show(rq, rp, &flag_plan);
}

int
save_schedule(struct req *rq, struct reply *rp)
{
	return plan_save(rq, rp, &flag_plan);
}

int
cancel_schedule(struct req *rq, struct reply *rp)
{
	return plan_cancel(rq, rp, &flag_plan);
}

int
preview_schedule(struct req *rq, struct reply *rp)
{
	return plan_preview(rq, rp, &flag_plan);
}
