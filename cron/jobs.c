/*
 * jobs: claim, run, end.  SQL: sql/query/jobs.sql.
 */
#include "jobs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "audit.h"
#include "job.h"
#include "log.h"
#include "metric.h"
#include "queries.h"

#define ATTEMPTS_MAX 3 /* whose workers died */
#define SCRATCH_MAX  (4 * 1024 * 1024)

/* Who runs which type of common/job.c; the same order. */
static jobs_fn *const runners[] = { export_run, digest_run };

static jobs_fn *
runner_of(const char *type)
{
	size_t i = 0;

	while (strcmp(job_types[i].name, type) != 0)
		i++;
	return runners[i];
}

/* PostgreSQL's text of text[]: what this program can run; newer types are left to newer workers. */
static const char *
known_types(struct arena *a)
{
	struct array names;

	array_init(&names, a, 64);
	for (size_t i = 0; i < COUNT(runners); i++)
		array_add(&names, job_types[i].name);
	return array_text(&names);
}

static const char *
number(struct arena *a, int64_t n)
{
	return arena_fmt(a, "%" PRId64, n);
}

/* ---- while it runs ---- */

enum jobs_go
jobs_progress(struct work *w)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	char done[24], total[24], lease[24];
	enum db_status st;

	if (cron_ending())
		return JOBS_PUT_BACK;
	snprintf(done, sizeof(done), "%" PRId64, w->done);
	snprintf(total, sizeof(total), "%" PRId64, w->total);
	snprintf(lease, sizeof(lease), "%" PRId64, w->run->conf->lease_ms);
	st = db_alone(w->run->db, &q_job_progress,
	    DB_ARGS(w->id, w->token, w->step, done, total, lease), &rows);
	if (st != DB_OK) {
		if (st != DB_NONE)
			cron_failed(w->run);
		return JOBS_LOST;
	}
	return rows_bool(rows, 0, "cancelled") ? JOBS_STOP : JOBS_GO;
}

enum jobs_go
jobs_failed(struct work *w, enum db_status st)
{
	cron_failed(w->run);
	if (st == DB_AWAY || st == DB_BUSY || st == DB_RETRY)
		return JOBS_LOST;
	w->error = "internal";
	return JOBS_BROKEN;
}

/* ---- its end ---- */

struct ending {
	struct work *w;
	const char *status;
};

/* The job, its audit row and its news, or nothing of them. */
static enum db_status
finish_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *news = NULL;
	struct ending *e = ctx;
	struct work *w = e->w;
	struct out o;
	enum db_status st = db_exec(tx, &q_job_finish,
	    DB_ARGS(w->id, w->token, e->status, w->error, w->file_name,
		w->file_name != NULL ? number(w->a, w->file_bytes) : NULL, w->result),
	    NULL);

	if (st != DB_OK || (st = db_exec(tx, &q_job_news, DB_ARGS(w->id), &news)) != DB_OK)
		return st;
	if (w->file_name != NULL)
		db_later(tx, &q_job_files_keep, DB_ARGS(w->project));
	out_init(&o, w->a, 256);
	out_open(&o, '{');
	out_key(&o, "status");
	out_text(&o, e->status);
	out_key(&o, "error");
	out_text(&o, w->error);
	out_close(&o, '}');
	audit_system(tx, rows_text(news, 0, "started_by"),
	    &(struct audit){ w->team, arena_fmt(w->a, "job.%s", e->status), "job", w->id,
		"{\"status\":\"running\"}", arena_ndup(w->a, o.s, o.n) });
	return job_tell(tx, w->a, w->run->conf, news, NULL);
}

/* Whether it is known to have ended; what is not, ends after its lease. */
static bool
finish(struct work *w, const char *status)
{
	struct ending e = { w, status };
	enum db_status st = db_tx(w->run->db, finish_body, &e);

	if (st == DB_OK)
		return true;
	if (st == DB_NONE) {
		log_line(LOG_WARN, NULL, "job %s was taken up by another worker", w->id);
		jobs_file_remove(w->run, w->a, w->id, w->token);
		return false;
	}
	/* its file stays: COMMIT may have worked */
	cron_failed(w->run);
	return false;
}

static bool
put_back(struct work *w)
{
	enum db_status st = db_alone(w->run->db, &q_job_put_back, DB_ARGS(w->id, w->token), NULL);

	return st == DB_OK || st == DB_NONE || cron_failed(w->run);
}

/* ---- one job ---- */

/* Its status, by what it counts as. */
static const char *const ends[] = { METRIC_JOB_OUTCOMES };

static bool
end_as(struct work *w, enum jobs_tally end, enum jobs_tally *what)
{
	if (!finish(w, ends[end]))
		return false;
	*what = end;
	return true;
}

/* What its run came to; *what only when it has ended by that. */
static bool
settle(struct work *w, enum jobs_go go, enum jobs_tally *what)
{
	*what = JOBS_LEFT;
	switch (go) {
	case JOBS_GO:
		return end_as(w, JOBS_COMPLETED, what);
	case JOBS_BROKEN:
		return end_as(w, JOBS_FAILED, what);
	case JOBS_STOP:
		return end_as(w, JOBS_CANCELLED, what);
	case JOBS_PUT_BACK:
		return put_back(w);
	case JOBS_LOST:
	default:
		return false;
	}
}

static enum jobs_go
run_one(struct work *w, const struct db_rows *rows)
{
	const char *old = rows_text(rows, 0, "old_token");

	if (old != NULL) {
		log_line(LOG_WARN, NULL, "the worker of job %s has died", w->id);
		jobs_file_remove(w->run, w->a, w->id, old);
	}
	if (rows_bool(rows, 0, "cancelled"))
		return JOBS_STOP;
	if (rows_int(rows, 0, "attempts") > ATTEMPTS_MAX) {
		w->error = "worker_died";
		return JOBS_BROKEN;
	}
	return runner_of(rows_text(rows, 0, "type"))(w);
}

/* Claim one and see it through.  Whether there was one; *sound says whether that went well. */
static bool
next_job(const struct run *run, struct arena *a, int64_t *tally, bool *sound)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct work w = { .run = run, .a = a };
	enum jobs_tally what;
	enum db_status st = db_alone(run->db, &q_job_claim,
	    DB_ARGS(known_types(a), number(a, run->conf->lease_ms)), &rows);

	if (st != DB_OK) {
		*sound &= st == DB_NONE || cron_failed(run);
		return false;
	}
	w.id = rows_text(rows, 0, "id");
	w.token = rows_text(rows, 0, "run_token");
	w.team = rows_text(rows, 0, "team_id");
	w.project = rows_text(rows, 0, "project_id");
	*sound &= settle(&w, run_one(&w, rows), &what);
	tally[what]++;
	if (what != JOBS_LEFT)
		metric_event(METRIC_JOBS, ends[what], NULL, 1);
	return true;
}

bool
jobs_job(const struct run *run, int64_t tally[TALLY_MAX])
{
	SCOPED(rows_free) struct db_rows *due = NULL;
	struct arena a;
	bool sound = true;

	arena_init(&a, SCRATCH_MAX);
	if (run->dry) {
		sound = db_read(run->db, &q_job_due, DB_ARGS(known_types(&a)), &due) == DB_OK ||
		    cron_failed(run);
		tally[JOBS_LEFT] = sound ? rows_int(due, 0, "n") : 0;
	} else {
		while (!cron_ending() && next_job(run, &a, tally, &sound))
			arena_reset(&a);
		if (tally[JOBS_COMPLETED] > 0)
			sound = jobs_files_end(run) && sound;
	}
	arena_free(&a);
	return sound;
}
