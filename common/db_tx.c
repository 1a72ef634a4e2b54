/*
 * db_tx - transactions, each on a lane of its own.
 *
 * BEGIN waits for the first statement, and what db_later() was given for the next one: they
 * go out together.  When one of them fails, PostgreSQL skips those behind it.  What is more than
 * a batch holds goes out before, and when that fails so does all that comes after it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db_lane.h"

#define LATER_MAX (LANE_BATCH_MAX - 2) /* with BEGIN and what they travel with: one batch */

struct later {
	struct later *next;
	struct item it;
	const char *v[]; /* the arguments, then their bytes */
};

struct db_tx {
	struct db *db;
	struct lane *lane;
	bool begun; /* BEGIN is on its way, or further */
	int n;      /* that travel with the next */
	struct later *first, **end;
	enum db_status failed; /* of what went out before there was anybody to tell */
	char why[256];
};

/* ---- what travels with the next ---- */

static struct later *
copy(const struct db_stmt *st, struct db_args args)
{
	size_t bytes = 0;
	struct later *l;
	char *to;

	for (size_t i = 0; i < args.n; i++)
		bytes += args.v[i] != NULL ? strlen(args.v[i]) + 1 : 0;
	l = calloc(1, sizeof(*l) + args.n * sizeof(*l->v) + bytes);
	to = (char *)&l->v[args.n];
	for (size_t i = 0; i < args.n; i++)
		if (args.v[i] != NULL) {
			l->v[i] = to;
			to = stpcpy(to, args.v[i]) + 1;
		}
	l->it.st = st;
	l->it.args = (struct db_args){ args.n, l->v };
	l->it.in_tx = true;
	return l;
}

static void
forget(struct db_tx *tx)
{
	struct later *l;

	while ((l = tx->first) != NULL) {
		tx->first = l->next;
		rows_free(l->it.rows);
		free(l);
	}
	tx->end = &tx->first;
	tx->n = 0;
}

/* ---- a statement, and what waits for it ---- */

/* Once the connection is gone so is the transaction: nothing may run on the next one. */
static bool
is_lost(struct db_tx *tx)
{
	if (!tx->begun || tx->lane->state == LANE_UP)
		return false;
	snprintf(tx->db->why, sizeof(tx->db->why), "connection lost in a transaction");
	return true;
}

static enum db_status
run(struct db_tx *tx, struct item *it, struct db_rows **rows)
{
	struct item begin = { .sql = "BEGIN", .in_tx = true };
	enum db_status rc;

	if (tx->failed != DB_OK) {
		memcpy(tx->db->why, tx->why, sizeof(tx->db->why));
		return tx->failed;
	}
	if (is_lost(tx))
		return DB_AWAY;
	if (!tx->begun)
		lane_push(tx->lane, &begin);
	if (begin.done) { /* refused at once: nothing may run without it */
		memcpy(tx->db->why, begin.why, sizeof(tx->db->why));
		return begin.status;
	}
	for (struct later *l = tx->first; l != NULL; l = l->next)
		lane_push(tx->lane, &l->it);
	tx->begun = true;
	it->in_tx = true;
	rc = lane_run(tx->lane, it, rows);
	rows_free(begin.rows);
	forget(tx);
	return rc;
}

enum db_status
db_exec(struct db_tx *tx, const struct db_stmt *st, struct db_args args, struct db_rows **rows)
{
	struct item it = item_of(st, args);

	return run(tx, &it, rows);
}

/* All of a full batch, and it. */
static void
send_full(struct db_tx *tx, const struct db_stmt *st, struct db_args args)
{
	enum db_status rc = db_exec(tx, st, args, NULL);

	if (rc == DB_OK || rc == DB_NONE)
		return;
	tx->failed = rc;
	memcpy(tx->why, tx->db->why, sizeof(tx->why));
	forget(tx);
}

void
db_later(struct db_tx *tx, const struct db_stmt *st, struct db_args args)
{
	struct later *l;

	assert(args.n == st->nargs);
	if (tx->n == LATER_MAX || tx->failed != DB_OK) {
		send_full(tx, st, args);
		return;
	}
	l = copy(st, args);
	tx->n++;
	*tx->end = l;
	tx->end = &l->next;
}

/* COMMIT or ROLLBACK.  COMMIT of an aborted transaction succeeds, with the tag ROLLBACK: only the
 * tag tells. */
static enum db_status
end(struct db_tx *tx, const char *sql)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct item it = { .sql = sql };
	enum db_status rc = run(tx, &it, &rows);

	if (rc != DB_OK && rc != DB_NONE)
		return rc;
	return strcmp(rows_tag(rows), sql) == 0 ? DB_OK : DB_FAIL;
}

static enum db_status
run_once(struct db_tx *tx, db_tx_fn *body, void *ctx)
{
	enum db_status rc, ended = DB_OK;
	char why[sizeof(tx->db->why)];

	tx->begun = false;
	tx->failed = DB_OK;
	rc = body(tx, ctx);
	if (rc == DB_OK || rc == DB_NONE) {
		if ((tx->begun || tx->n > 0 || tx->failed != DB_OK) &&
		    (ended = end(tx, "COMMIT")) == DB_OK)
			return rc;
		rc = ended == DB_OK ? rc : ended;
	}
	memcpy(why, tx->db->why, sizeof(why));
	forget(tx);
	tx->failed = DB_OK; /* or ROLLBACK would not run */
	if (tx->begun && !is_lost(tx) && end(tx, "ROLLBACK") == DB_AWAY)
		rc = DB_AWAY;
	memcpy(tx->db->why, why, sizeof(why));
	return rc;
}

enum db_status
db_tx(struct db *db, db_tx_fn *body, void *ctx)
{
	struct db_tx tx = { .db = db, .lane = lane_take(db) };
	enum db_status rc = DB_RETRY;

	tx.end = &tx.first;
	for (int tries = 0; rc == DB_RETRY && tries < LANE_TRIES; tries++)
		rc = run_once(&tx, body, ctx);
	tx.lane->taken = false;
	return rc == DB_RETRY ? DB_BUSY : rc;
}
