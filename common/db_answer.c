/* db_answer - what came back for the batches of a lane, and what becomes of their statements. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "db_lane.h"
#include "db_together.h"

static void
note_prepared(struct lane *l, const struct db_stmt *st, bool is)
{
	uint64_t bit = (uint64_t)1 << (st->id % 64);

	l->prepared[st->id / 64] &= ~bit;
	l->prepared[st->id / 64] |= is ? bit : 0;
}

/* Why it failed; and where that says so, what the server really has prepared. */
static void
keep_failure(struct lane *l, struct item *it, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *message = state != NULL ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY)
					    : PQresultErrorMessage(res);

	it->status = lane_status(state, message);
	snprintf(it->why, sizeof(it->why), "%s: [%s] %s", it->st != NULL ? it->st->name : it->sql,
	    state != NULL ? state : "no state", message);
	if (state != NULL && it->st != NULL && strcmp(state, "26000") == 0)
		note_prepared(l, it->st, false);
	if (state != NULL && it->st != NULL && strcmp(state, "42P05") == 0)
		note_prepared(l, it->st, true);
}

static void
keep(struct lane *l, PGresult *res)
{
	struct item *it = l->at;
	ExecStatusType what = PQresultStatus(res);

	if (what == PGRES_TUPLES_OK || (what == PGRES_COMMAND_OK && !it->preparing)) {
		it->rows = rows_new(res);
		it->status = what == PGRES_TUPLES_OK
		    ? (PQntuples(res) == 0 ? DB_NONE : DB_OK)
		    : (strcmp(PQcmdTuples(res), "0") == 0 ? DB_NONE : DB_OK);
		return;
	}
	if (what == PGRES_COMMAND_OK) {
		if (!it->prepare_only)
			note_prepared(l, it->st, true);
	} else if (what != PGRES_PIPELINE_ABORTED)
		keep_failure(l, it, res);
	PQclear(res);
}

/* One statement's answers have ended: on to the next, or to the Sync.  A batch may take long, a server
 * that goes on answering has not fallen silent. */
static void
step(struct lane *l)
{
	l->since = clock_ms();
	if (l->at->preparing && !l->at->prepare_only)
		l->at->preparing = false;
	else
		l->at = l->at->last ? NULL : l->at->next;
}

/* Move the oldest batch out of those on the wire; whether a statement of it failed. */
static bool
end_batch(struct lane *l, struct items *batch)
{
	bool failed = false, last = false;

	items_init(batch);
	while (!last) {
		struct item *it = items_pop(&l->sent);

		last = it->last;
		failed = failed || (it->status != DB_OK && it->status != DB_NONE);
		together_split(it, batch);
	}
	l->batches--;
	l->preparing = l->preparing && l->batches > 0;
	l->at = l->sent.first;
	l->since = clock_ms();
	return failed;
}

/* Into the queue; but the user who has waited for a lock in vain would wait as long
 * again, and all writes behind it with it. */
static void
requeue(struct lane *l, struct item *it, const char *stuck)
{
	if (stuck != NULL && strcmp(it->args.v[0], stuck) == 0)
		lane_finish(l, it, DB_BUSY, "behind a locked row");
	else
		items_push(&l->queue, it);
}

/*
 * The Sync was answered: the batch is committed, or none of it happened.  Then what was not
 * to blame runs again alone; so does what was, for it may have failed because of its
 * company, unless it has waited long enough.
 */
static void
batch_done(struct lane *l)
{
	struct items batch, later = l->queue;
	bool failed = end_batch(l, &batch), again = failed && batch.first->next != NULL;
	const char *stuck = NULL; /* in a batch by user, all of the same come behind it */
	struct item *it;

	if (failed && batch.first->in_tx) {
		items_fail_behind(&batch);
		again = false;
	}
	items_init(&l->queue);
	while ((it = items_pop(&batch)) != NULL) {
		if (it->status == DB_BUSY && l->by_user)
			stuck = it->args.v[0];
		if (!again || it->status == DB_BUSY) {
			lane_finish(l, it, it->status, NULL);
			continue;
		}
		rows_free(TAKE(it->rows));
		it->status = DB_OK;
		it->alone = true;
		requeue(l, it, stuck);
	}
	while ((it = items_pop(&later)) != NULL)
		requeue(l, it, stuck);
}

/* PostgreSQL gives every error a code.  One without is libpq's own, which has lost an answer: what became of
 * the statement nobody knows, and so not whether the batch behind it may run again. */
static bool
is_lost(const PGresult *res)
{
	return res != NULL && PQresultStatus(res) == PGRES_FATAL_ERROR &&
	    PQresultErrorField(res, PG_DIAG_SQLSTATE) == NULL;
}

void
lane_drain(struct lane *l)
{
	while (l->state == LANE_UP && l->sent.first != NULL && !PQisBusy(l->pg)) {
		PGresult *res = PQgetResult(l->pg);

		if (PQstatus(l->pg) == CONNECTION_BAD || is_lost(res) ||
		    (res == NULL && l->at == NULL && !l->uncommitted)) {
			PQclear(res);
			lane_broken(l);
		} else if (res == NULL && l->at == NULL)
			l->uncommitted = false;
		else if (res == NULL)
			step(l);
		else if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
			PQclear(res);
			batch_done(l);
		} else if (l->at != NULL)
			keep(l, res);
		else { /* the commit itself failed */
			keep_failure(l, l->sent.first, res);
			l->uncommitted = true;
			PQclear(res);
		}
	}
}
