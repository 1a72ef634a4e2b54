/*
 * issue_digest: tell now what is new, of one project or of all that the team has, whatever their
 * cadence.  Each digest is a transaction of its own (cron/digest.c): a run that is taken up again
 * finds nothing new where an earlier one has told.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cron/digest.h"
#include "jobs.h"
#include "queries.h"

#define SCRATCH_MAX (16 * 1024 * 1024)

static enum jobs_go
tell_one(struct work *w, const char *project, int64_t *issues)
{
	struct arena scratch;
	int64_t n = 0;
	enum db_status st;

	arena_init(&scratch, SCRATCH_MAX);
	st = digest_project(w->run, &scratch, project, true, &n);
	arena_free(&scratch);
	if (st != DB_OK && st != DB_NONE) /* that one: nothing new */
		return jobs_failed(w, st);
	*issues += n;
	w->done++;
	return JOBS_GO;
}

/* One page of projects behind from, which is moved on; *n: how many. */
static enum jobs_go
tell_page(struct work *w, char from[sizeof(CRON_FIRST_ID)], int *n, int64_t *issues)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st =
	    db_read(w->run->db, &q_job_projects, DB_ARGS(w->team, w->project, from), &rows);
	enum jobs_go go = JOBS_GO;

	*n = rows_count(rows);
	if (st != DB_OK && st != DB_NONE)
		return jobs_failed(w, st);
	if (*n > 0 && w->total == 0)
		w->total = rows_int(rows, 0, "total");
	for (int i = 0; i < *n && (go = jobs_progress(w)) == JOBS_GO; i++) {
		snprintf(from, sizeof(CRON_FIRST_ID), "%s", rows_text(rows, i, "id"));
		if ((go = tell_one(w, from, issues)) != JOBS_GO)
			return go;
	}
	return go;
}

enum jobs_go
digest_run(struct work *w)
{
	char from[sizeof(CRON_FIRST_ID)] = CRON_FIRST_ID;
	enum jobs_go go = JOBS_GO;
	int64_t issues = 0;
	int n = 1;

	w->step = "projects";
	while (n > 0 && go == JOBS_GO)
		go = tell_page(w, from, &n, &issues);
	if (go == JOBS_GO)
		w->result = arena_fmt(w->a, "{\"issues\":%" PRId64 "}", issues);
	return go;
}
