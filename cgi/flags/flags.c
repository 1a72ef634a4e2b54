/*
 * flags - feature flags, their toggles, and what programs are served.
 *
 *   GET|POST         /v1/projects/{project}/flags
 *   GET|PATCH|DELETE /v1/flags/{id}                                edit.c
 *   POST             /v1/flags/{id}/archive
 *   POST             /v1/flags/{id}/environments/{environment}/run|pause    toggle.c
 *   GET|PUT|DELETE   /v1/flags/{id}/environments/{environment}/schedule     schedule.c
 *   POST             /v1/flags/{id}/environments/{environment}/schedule/preview
 *   POST             /ofrep/v1/evaluate/flags[/{key}]              evaluate.c, client keys
 *
 * Not a member: 404.  A member without the right (common/rights.c): 403.  A stale version
 * 412, an archived flag 422, a key that is taken 409.
 * SQL: sql/query/flags.sql.
 */
#include "cgi/flags/flags.h"

#include "page.h"
#include "queries.h"

void
flag_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "project_id");
	row_text(o, rows, row, "key");
	row_text(o, rows, row, "name");
	row_text(o, rows, row, "kind");
	row_json(o, rows, row, "variations");
	row_text(o, rows, row, "default_on");
	row_text(o, rows, row, "default_off");
	row_text(o, rows, row, "status");
	row_json(o, rows, row, "version");
	row_json(o, rows, row, "environments");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

static int
list_flags(struct req *rq, struct reply *rp)
{
	static const struct listing flags = { &q_flags_page, "Project", "flags", flag_json };

	return listing_page(rq, rp, &flags);
}

static int
show_flag(struct req *rq, struct reply *rp)
{
	static const struct listing flag = { &q_flag_show, "Flag", "flag", flag_json, true };

	return listing_one(rq, rp, &flag);
}

const struct route routes[] = {
	{ "POST", "/ofrep/v1/evaluate/flags/{key}", KEY_INLINE, evaluate_flag, evaluate_params,
	    evaluate_refuse },
	{ "POST", "/ofrep/v1/evaluate/flags", KEY_INLINE, evaluate_flags, evaluate_params,
	    evaluate_refuse },
	{ "GET", "/v1/projects/{project}/flags", USER, list_flags, page_params },
	{ "POST", "/v1/projects/{project}/flags", USER, add_flag },
	{ "GET", "/v1/flags/{id}", USER, show_flag },
	{ "PATCH", "/v1/flags/{id}", USER, change_flag },
	{ "DELETE", "/v1/flags/{id}", USER, remove_flag },
	{ "POST", "/v1/flags/{id}/archive", USER, archive_flag },
	{ "POST", "/v1/flags/{id}/environments/{environment}/run", USER, run_flag },
	{ "POST", "/v1/flags/{id}/environments/{environment}/pause", USER, pause_flag },
	{ "GET", "/v1/flags/{id}/environments/{environment}/schedule", USER, show_schedule },
	{ "PUT", "/v1/flags/{id}/environments/{environment}/schedule", USER, save_schedule },
	{ "DELETE", "/v1/flags/{id}/environments/{environment}/schedule", USER, cancel_schedule },
	{ "POST", "/v1/flags/{id}/environments/{environment}/schedule/preview", USER,
	    preview_schedule },
	{ NULL, NULL, 0, NULL },
};
