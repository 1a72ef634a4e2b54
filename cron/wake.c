/*
 * wake - bring back what was snoozed.
 *
 * Each user's rows are a statement and a commit of their own, so that nobody waits for anybody
 * else's inbox; what is due is what is left, so a run that was killed is made up for by the next.
 * SQL: sql/query/wake.sql.
 */
#include "cron.h"
#include "queries.h"

/* The same order as this job's names in cron/main.c. */
enum { WOKEN, USERS };

static bool
wake_user(const struct run *run, const char *user, int64_t *tally)
{
	int64_t woken = 0;
	bool more = true;

	while (more && !cron_is_over(run)) {
		SCOPED(rows_free) struct db_rows *rows = NULL;

		if (db_alone(run->db, &q_wake_user, DB_ARGS(run->at, user), &rows) != DB_OK)
			return cron_failed(run);
		woken += rows_int(rows, 0, "n");
		more = rows_bool(rows, 0, "more");
	}
	tally[WOKEN] += woken;
	tally[USERS] += woken > 0;
	return true;
}

static bool
count_only(const struct run *run, int64_t *tally)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	if (db_read(run->db, &q_wake_count, DB_ARGS(run->at), &rows) != DB_OK)
		return cron_failed(run);
	tally[WOKEN] = rows_int(rows, 0, "woken");
	tally[USERS] = rows_int(rows, 0, "users");
	return true;
}

/* Page after page of users until there are none, or one could not be served: then it would be on
 * every page. */
bool
wake_job(const struct run *run, int64_t tally[TALLY_MAX])
{
	bool sound = true;

	if (run->dry)
		return count_only(run, tally);
	do {
		SCOPED(rows_free) struct db_rows *rows = NULL;
		enum db_status st = db_read(run->db, &q_wake_due, DB_ARGS(run->at), &rows);

		if (st == DB_NONE)
			return sound;
		if (st != DB_OK)
			return cron_failed(run);
		for (int i = 0; i < rows_count(rows) && !cron_is_over(run); i++)
			if (!wake_user(run, rows_text(rows, i, "user_id"), tally))
				sound = false;
	} while (sound && !cron_is_over(run));
	return sound;
}
