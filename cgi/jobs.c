/*
 * jobs - what takes longer than a request: started here, run by carillon-cron jobs.
 *
 *   GET|POST /v1/teams/{team}/jobs   POST {type, project_id?, notify?}; one of each type and
 *                                    project at a time, else 409 that ends with the other's id
 *   GET      /v1/jobs/{id}
 *   POST     /v1/jobs/{id}/cancel    what runs stops at its next step
 *   GET      /v1/jobs/{id}/file      what it made, for members
 *
 * An agent key may what an admin may, but has no business with the file.
 * SQL: sql/query/jobs.sql.
 */
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "field.h"
#include "job.h"
#include "listing.h"
#include "log.h"
#include "page.h"
#include "queries.h"

static void
error_json(struct out *o, const char *error)
{
	out_key(o, "error");
	if (error == NULL) {
		out_text(o, NULL);
		return;
	}
	out_open(o, '{');
	out_key(o, "code");
	out_text(o, error);
	out_key(o, "text");
	out_text(o, job_failure(error));
	out_close(o, '}');
}

static void
progress_json(struct out *o, const struct db_rows *rows, int row)
{
	out_key(o, "progress");
	out_open(o, '{');
	row_text(o, rows, row, "step");
	row_json(o, rows, row, "done");
	row_json(o, rows, row, "total");
	out_close(o, '}');
}

static void
file_json(struct out *o, const struct db_rows *rows, int row)
{
	out_key(o, "file");
	if (rows_text(rows, row, "file_name") == NULL) {
		out_text(o, NULL);
		return;
	}
	out_open(o, '{');
	out_key(o, "url");
	out_text(o, arena_fmt(o->a, "/v1/jobs/%s/file", rows_text(rows, row, "id")));
	out_key(o, "bytes");
	out_int(o, rows_int(rows, row, "file_bytes"));
	out_key(o, "expires_at");
	out_moment(o, rows_text(rows, row, "file_expires_at"));
	out_close(o, '}');
}

static void
job_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "team_id");
	row_text(o, rows, row, "type");
	row_text(o, rows, row, "status");
	row_named(o, rows, row, "project");
	row_named(o, rows, row, "started_by");
	row_named(o, rows, row, "key");
	row_bool(o, rows, row, "notify");
	progress_json(o, rows, row);
	row_json(o, rows, row, "attempts");
	error_json(o, rows_text(rows, row, "error"));
	file_json(o, rows, row);
	row_json(o, rows, row, "result");
	row_moment(o, rows, row, "cancel_asked_at");
	row_moment(o, rows, row, "started_at");
	row_moment(o, rows, row, "finished_at");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

static int
list_jobs(struct req *rq, struct reply *rp)
{
	static const struct listing jobs = { &q_jobs_page, "Team", "jobs", job_json };

	return listing_page(rq, rp, &jobs);
}

static int
show_job(struct req *rq, struct reply *rp)
{
	static const struct listing job = { &q_job_show, "Job", "job", job_json };

	return listing_one(rq, rp, &job);
}

/* ---- GET /v1/jobs/{id}/file ---- */

/* Its name is one that cron makes for job id, and somebody may have emptied the folder: then nginx
 * would say that there is no such path. */
static bool
file_is_there(const struct req *rq, const char *id, const char *name)
{
	if (strncmp(name, id, strlen(id)) == 0 && strchr(name, '/') == NULL &&
	    access(arena_fmt(rq->a, "%s/" JOB_FILES "/%s", rq->conf->var, name), R_OK) == 0)
		return true;
	log_line(LOG_ERROR, rq->id, "the file of job %s is not there", id);
	return false;
}

static int
send_file(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *id = http_id(rq, rp, 0, "Job"), *name;
	enum db_status st;

	if (id == NULL)
		return rp->status;
	st = db_read(rq->db, &q_job_file, DB_ARGS(id, rq->user), &rows);
	if (st == DB_NONE)
		return http_missing(rq, rp, "Job");
	if (st != DB_OK)
		return http_db(rq, rp, st);
	if ((name = rows_text(rows, 0, "file_name")) == NULL || !file_is_there(rq, id, name))
		return http_missing(rq, rp, "File");
	rp->file = arena_fmt(rq->a, "/" JOB_FILES "/%s", name);
	rp->file_title =
	    arena_fmt(rq->a, "attachment; filename=\"%s.json\"", rows_text(rows, 0, "title"));
	return http_empty(rp, 200);
}

/* ---- changes ---- */

struct job_change {
	struct change c;
	const char *type, *project_id;
	enum field_bool notify;
};

/* The job as it is now, in the transaction. */
static enum db_status
look(struct db_tx *tx, const struct change *c, const char *id, const char **object)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st = db_exec(tx, &q_job_row, DB_ARGS(id), &rows);

	if (st == DB_OK)
		*object = row_object(c->rq->a, rows, 0, job_json);
	return st;
}

/* ---- POST /v1/teams/{team}/jobs ---- */

static const struct field start_fields[] = {
	WORD(struct job_change, type, REQUIRED, job_type_names),
	UUID(struct job_change, project_id, NULLABLE),
	BOOL(struct job_change, notify, NULLABLE),
	{ 0 },
};

/* Which one is in the way; it may have ended meanwhile: then once more. */
static enum db_status
refuse_second(struct db_tx *tx, struct job_change *w)
{
	SCOPED(rows_free) struct db_rows *live = NULL;
	struct change *c = &w->c;
	enum db_status st = db_exec(tx, &q_job_live, DB_ARGS(c->id, w->project_id, w->type), &live);

	if (st == DB_NONE)
		return DB_RETRY;
	if (st != DB_OK)
		return st;
	return change_refuse(c, 409,
	    arena_fmt(c->rq->a, "One %s: %s",
		strcmp(rows_text(live, 0, "status"), "running") == 0 ? "is running already"
								     : "waits already",
		rows_text(live, 0, "id")));
}

static enum db_status
start_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *made = NULL;
	struct job_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	const char *key = rq->key != NULL ? rq->key->id : NULL, *id;
	enum db_status st;

	st = change_enter(tx, c, key != NULL ? &q_job_enter_team_key : &q_team_enter, RIGHT_MANAGE,
	    NULL);
	if (st != DB_OK)
		return st;
	if (w->project_id == NULL && job_find(w->type)->needs_project)
		return change_refuse(c, 422,
		    arena_fmt(rq->a, "project_id is needed for %s", w->type));
	if (w->project_id != NULL) {
		st = db_exec(tx, &q_job_project, DB_ARGS(c->id, w->project_id), NULL);
		if (st == DB_NONE)
			return change_refuse(c, 404, "Project not found");
		if (st != DB_OK)
			return st;
	}
	st = db_exec(tx, &q_job_add,
	    DB_ARGS(c->id, w->project_id, w->type, w->notify == YES ? "true" : "false", rq->user,
		key, rq->id),
	    &made);
	if (st == DB_NONE)
		return refuse_second(tx, w);
	if (st != DB_OK)
		return st;
	id = rows_text(made, 0, "id");
	if ((st = look(tx, c, id, &c->after)) != DB_OK)
		return st;
	return change_audit(tx, c, "job.started", "job", id);
}

static int
start_job(struct req *rq, struct reply *rp)
{
	struct job_change w = { 0 };

	if (field_read(rq, rp, start_fields, &w) != 0)
		return rp->status;
	if (change_begin(&w.c, rq, rp, "Team") != 0)
		return rp->status;
	return change_reply(rq, rp, db_tx(rq->db, start_body, &w), &w.c, 201, "job");
}

/* ---- POST /v1/jobs/{id}/cancel ---- */

/* One that had not begun has ended with this: its news. */
static enum db_status
tell(struct db_tx *tx, const struct change *c)
{
	SCOPED(rows_free) struct db_rows *news = NULL;
	enum db_status st = db_exec(tx, &q_job_news, DB_ARGS(c->id), &news);

	return st == DB_OK ? job_tell(tx, c->rq->a, c->rq->conf, news, c->rq->id) : st;
}

static enum db_status
cancel_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *old = NULL;
	struct job_change *w = ctx;
	struct change *c = &w->c;
	const char *status;
	enum db_status st;

	st = change_enter(tx, c, c->rq->key != NULL ? &q_job_enter_key : &q_job_enter, RIGHT_MANAGE,
	    &old);
	if (st != DB_OK)
		return st;
	status = rows_text(old, 0, "status");
	if (strcmp(status, "pending") != 0 && strcmp(status, "running") != 0)
		return change_refuse(c, 409, arena_fmt(c->rq->a, "It has ended: %s", status));
	if ((st = look(tx, c, c->id, &c->before)) != DB_OK ||
	    (st = db_exec(tx, &q_job_cancel, DB_ARGS(c->id), NULL)) != DB_OK ||
	    (st = look(tx, c, c->id, &c->after)) != DB_OK)
		return st;
	if (strcmp(status, "running") == 0)
		return change_audit(tx, c, "job.cancel_asked", "job", c->id);
	st = change_audit(tx, c, "job.cancelled", "job", c->id);
	return st == DB_OK ? tell(tx, c) : st;
}

static int
cancel_job(struct req *rq, struct reply *rp)
{
	struct job_change w = { 0 };

	if (field_read(rq, rp, &(const struct field){ 0 }, &w) != 0 ||
	    change_begin(&w.c, rq, rp, "Job") != 0)
		return rp->status;
	return change_reply(rq, rp, db_tx(rq->db, cancel_body, &w), &w.c, 200, "job");
}

const struct route routes[] = {
	{ "GET", "/v1/teams/{team}/jobs", USER_OR_AGENT, list_jobs, page_params },
	{ "POST", "/v1/teams/{team}/jobs", USER_OR_AGENT, start_job },
	{ "GET", "/v1/jobs/{id}", USER_OR_AGENT, show_job },
	{ "POST", "/v1/jobs/{id}/cancel", USER_OR_AGENT, cancel_job },
	{ "GET", "/v1/jobs/{id}/file", USER, send_file },
	{ NULL, NULL, 0, NULL },
};
