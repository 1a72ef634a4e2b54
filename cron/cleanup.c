/*
 * cleanup - delete what has outlived its keeping.
 *
 * Inbox rows: read for more than 30 days are soft-deleted, soft-deleted for more than 90 days are
 * erased with their deliveries.  Also login codes, sessions, sent codes and single events of issues
 * that nothing needs any more, and the files of jobs (cron/jobs_files.c).  SQL and the reasons for
 * each bound: sql/query/cleanup.sql.
 */
#include "clock.h"
#include "cron.h"
#include "jobs.h"
#include "log.h"
#include "queries.h"

#define RESTS 1.5 /* a batch after the other, with nothing to wait for in between */

/* The same order as this job's names in cron/main.c. */
enum { DELETED, ERASED, CODES, SESSIONS, DELIVERIES, EVENTS, FILES, ISSUE_EVENTS, JOBS };

static const struct sweep {
	int tally;
	const struct db_stmt *batch;
} sweeps[] = {
	{ DELETED, &q_cleanup_hide },
	{ ERASED, &q_cleanup_erase },
	{ CODES, &q_cleanup_codes },
	{ SESSIONS, &q_cleanup_sessions },
	{ SESSIONS, &q_cleanup_revoked },
	{ DELIVERIES, &q_cleanup_deliveries },
	{ EVENTS, &q_cleanup_events },
	{ JOBS, &q_cleanup_jobs },
	{ ISSUE_EVENTS, &q_cleanup_issue_events },
};

/* Batch after batch until one is not full, or time is up: but one in any case, so that none waits for
 * ever behind another.  A row that somebody changed meanwhile is not found by the next batch, so this
 * ends. */
static bool
sweep_all(const struct run *run, const struct sweep *s, int64_t *tally)
{
	bool more = true;

	while (more && !cron_ending()) {
		SCOPED(rows_free) struct db_rows *rows = NULL;
		int64_t began = clock_us();

		if (db_alone(run->db, s->batch, DB_ARGS(run->at), &rows) != DB_OK)
			return cron_failed(run);
		tally[s->tally] += rows_int(rows, 0, "n");
		more = rows_bool(rows, 0, "more");
		if (cron_is_over(run))
			break;
		if (more)
			cron_give_way(clock_us() - began, RESTS);
	}
	return true;
}

static bool
count_only(const struct run *run, int64_t *tally)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	if (db_read(run->db, &q_cleanup_count, DB_ARGS(run->at), &rows) != DB_OK)
		return cron_failed(run);
	tally[DELETED] = rows_int(rows, 0, "deleted");
	tally[ERASED] = rows_int(rows, 0, "erased");
	tally[CODES] = rows_int(rows, 0, "codes");
	tally[SESSIONS] = rows_int(rows, 0, "sessions");
	tally[DELIVERIES] = rows_int(rows, 0, "deliveries");
	tally[JOBS] = rows_int(rows, 0, "jobs");
	tally[EVENTS] = rows_int(rows, 0, "events");
	tally[ISSUE_EVENTS] = rows_int(rows, 0, "issue_events");
	return jobs_files_sweep(run, &tally[FILES]);
}

bool
cleanup_job(const struct run *run, int64_t tally[TALLY_MAX])
{
	bool sound = true;

	if (run->dry)
		return count_only(run, tally);
	for (size_t i = 0; i < COUNT(sweeps); i++)
		if (!sweep_all(run, &sweeps[i], tally))
			sound = false;
	return jobs_files_sweep(run, &tally[FILES]) && sound;
}
