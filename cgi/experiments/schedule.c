/* experiments: a launch, an end, and what is to come of a project (common/plan.h). */
#include "cgi/experiments/experiments.h"

#include "lifecycle.h"
#include "page.h"
#include "plan.h"
#include "preflight.h"
#include "queries.h"
#include "schedule.h"

static enum db_status
find(struct db_tx *tx, struct plan *p)
{
	(void)tx;
	p->resource = p->c.id;
	return DB_OK;
}

static enum db_status
enter(struct db_tx *tx, struct plan *p)
{
	SCOPED(rows_free) struct db_rows *row = NULL;
	struct arena *a = p->c.rq->a;
	enum db_status st;

	st = p->preview
	    ? change_enter(tx, &p->c, &q_experiment_show, RIGHT_PUBLISH, &row)
	    : change_open(tx, &p->c, &q_experiment_enter, &q_experiment_show, RIGHT_PUBLISH, &row);
	if (st != DB_OK)
		return st;
	p->project = arena_dup(a, rows_text(row, 0, "project_id"));
	p->name = arena_dup(a, rows_text(row, 0, "name"));
	p->status = arena_dup(a, rows_text(row, 0, "status"));
	p->resource_version = arena_dup(a, rows_text(row, 0, "version"));
	p->unready = preflight_refusal(a, row, 0);
	return DB_OK;
}

static const char *
rule(struct plan *p)
{
	struct arena *a = p->c.rq->a;
	bool waits = strcmp(p->status, "SCHEDULED") == 0;

	if (p->begins && !waits && lifecycle_next(p->status, "schedule") == NULL)
		return arena_fmt(a, "launch_at: an experiment that is %s cannot be scheduled",
		    p->status);
	if (!p->begins && lifecycle_next(p->status, "end") == NULL)
		return arena_fmt(a, "launch_at is required: the experiment is %s, not RUNNING",
		    p->status);
	return NULL;
}

/* The status that action leads to, or the same: its version moves. */
static enum db_status
move(struct db_tx *tx, struct plan *p, const char *action)
{
	const char *next = lifecycle_next(p->status, action);

	return db_exec(tx, &q_experiment_move,
	    DB_ARGS(p->c.id, p->c.rq->user, next != NULL ? next : p->status), NULL);
}

static enum db_status
touch(struct db_tx *tx, struct plan *p)
{
	return move(tx, p, "schedule");
}

static enum db_status
release(struct db_tx *tx, struct plan *p)
{
	return move(tx, p, "cancel");
}

static const struct field fields[] = { PLAN_FIELDS("launch_at", "end") };

static const struct plan_kind experiment_plan = {
	.resource_kind = "experiment",
	.noun = "Experiment",
	.first_key = "launch_at",
	.end_key = "end",
	.first_moment = "launch",
	.end_moment = "end",
	.fields = fields,
	.show = &q_experiment_schedule,
	.find = find,
	.enter = enter,
	.touch = touch,
	.release = release,
	.rule = rule,
};

int
show_schedule(struct req *rq, struct reply *rp)
{
	return plan_show(rq, rp, &experiment_plan);
}

int
save_schedule(struct req *rq, struct reply *rp)
{
	return plan_save(rq, rp, &experiment_plan);
}

int
cancel_schedule(struct req *rq, struct reply *rp)
{
	return plan_cancel(rq, rp, &experiment_plan);
}

int
preview_schedule(struct req *rq, struct reply *rp)
{
	return plan_preview(rq, rp, &experiment_plan);
}

/* ---- GET /v1/projects/{project}/schedules ---- */

static void
resource_json(struct out *o, const struct db_rows *rows, int row)
{
	const char *const columns[][2] = { { "kind", "resource_kind" }, { "id", "resource_id" },
		{ "name", "resource_name" }, { "flag_id", "flag_id" } };

	out_key(o, "resource");
	out_open(o, '{');
	for (size_t i = 0; i < COUNT(columns); i++) {
		out_key(o, columns[i][0]);
		out_text(o, rows_text(rows, row, columns[i][1]));
	}
	out_close(o, '}');
	row_named(o, rows, row, "environment");
}

static void
moment_json(struct out *o, const struct db_rows *rows, int row)
{
	const char *reason = rows_text(rows, row, "reason");

	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "schedule_id");
	row_text(o, rows, row, "kind");
	row_moment(o, rows, row, "due_at");
	row_text(o, rows, row, "rule");
	row_text(o, rows, row, "time_zone");
	resource_json(o, rows, row);
	row_text(o, rows, row, "outcome");
	row_text(o, rows, row, "reason");
	out_key(o, "why");
	out_text(o, reason != NULL ? schedule_sentence(reason) : NULL);
	row_moment(o, rows, row, "decided_at");
	row_text(o, rows, row, "scheduled_by");
	out_key(o, "created_at");
	out_moment(o, rows_text(rows, row, "made_at"));
	out_close(o, '}');
}

int
list_moments(struct req *rq, struct reply *rp)
{
	static const struct listing moments = { &q_moments_page, "Project", "moments",
		moment_json };

	return listing_page(rq, rp, &moments);
}
