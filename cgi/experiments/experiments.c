/*
 * experiments - what a project tries on its visitors.
 *
 *   GET|POST  /v1/projects/{project}/experiments
 *   GET|PATCH /v1/experiments/{id}             edit.c
 *   GET       /v1/experiments/{id}/preflight   may it start? (common/preflight.c)
 *   POST      /v1/experiments/{id}/publish     actions.c, and its sisters pause, resume,
 *                                              stop, archive
 *   GET|PUT|DELETE /v1/experiments/{id}/schedule          schedule.c
 *   POST      /v1/experiments/{id}/schedule/preview
 *   GET       /v1/projects/{project}/schedules moments of experiments and of flags
 *   POST      /v1/snippet                      snippet.c: with a client key
 *
 * Not a member: 404.  A member without the right: 403.  A stale version: 412.  What the
 * status does not allow (common/lifecycle.c): 422.  SQL: sql/query/experiments.sql.
 */
#include "cgi/experiments/experiments.h"

#include "page.h"
#include "preflight.h"
#include "queries.h"

void
experiment_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "project_id");
	row_text(o, rows, row, "name");
	row_text(o, rows, row, "hypothesis");
	row_json(o, rows, row, "url_rules");
	row_json(o, rows, row, "variations");
	row_json(o, rows, row, "metrics");
	row_text(o, rows, row, "status");
	row_json(o, rows, row, "version");
	row_json(o, rows, row, "schedule");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

static int
list_experiments(struct req *rq, struct reply *rp)
{
	static const struct listing experiments = { &q_experiments_page, "Project", "experiments",
		experiment_json };

	return listing_page(rq, rp, &experiments);
}

static int
show_experiment(struct req *rq, struct reply *rp)
{
	static const struct listing experiment = { &q_experiment_show, "Experiment", "experiment",
		experiment_json, .versioned = true };

	return listing_one(rq, rp, &experiment);
}

static int
show_preflight(struct req *rq, struct reply *rp)
{
	static const struct listing preflight = { &q_experiment_show, "Experiment", "preflight",
		preflight_json };

	return listing_one(rq, rp, &preflight);
}

const struct route routes[] = {
	{ "GET", "/v1/projects/{project}/experiments", USER, list_experiments, page_params },
	{ "POST", "/v1/projects/{project}/experiments", USER, add_experiment },
	{ "GET", "/v1/experiments/{id}", USER, show_experiment },
	{ "PATCH", "/v1/experiments/{id}", USER, change_experiment },
	{ "GET", "/v1/experiments/{id}/preflight", USER, show_preflight },
	{ "POST", "/v1/experiments/{id}/publish", USER, act_on_experiment },
	{ "POST", "/v1/experiments/{id}/pause", USER, act_on_experiment },
	{ "POST", "/v1/experiments/{id}/resume", USER, act_on_experiment },
	{ "POST", "/v1/experiments/{id}/stop", USER, act_on_experiment },
	{ "POST", "/v1/experiments/{id}/archive", USER, act_on_experiment },
	{ "GET", "/v1/experiments/{id}/schedule", USER, show_schedule },
	{ "PUT", "/v1/experiments/{id}/schedule", USER, save_schedule },
	{ "DELETE", "/v1/experiments/{id}/schedule", USER, cancel_schedule },
	{ "POST", "/v1/experiments/{id}/schedule/preview", USER, preview_schedule },
	{ "GET", "/v1/projects/{project}/schedules", USER, list_moments, page_params },
	{ "POST", "/v1/snippet", CLIENT_KEY, see_snippet },
	{ NULL, NULL, 0, NULL },
};
