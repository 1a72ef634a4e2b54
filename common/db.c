#include "db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "db_lane.h"
#include "queries.h"

#define OWN_LANES   4 /* transactions at one time; others wait their turn */
#define WAITING_MAX 1024
#define TICK_MS     250
#define HELD_MS     5000 /* for a user's writes to stay out of everybody's batch */
/* Reads follow each other so that PostgreSQL never waits for us.  Writes do not: those that
 * come while one batch is being flushed to the log share the next flush. */
#define READ_DEPTH  4

enum { LANE_READ, LANE_WRITE, LANE_OWN, LANES = LANE_OWN + OWN_LANES };

struct db *
db_open(const char *url, bool prepare)
{
	struct db *db;
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0)
		return NULL;
	/* What moment.h and the strict UTF-8 checks rely on; libpq sends these as
	 * startup parameters, which poolers know. */
	setenv("PGTZ", "UTC", 1);
	setenv("PGDATESTYLE", "ISO", 1);
	setenv("PGCLIENTENCODING", "UTF8", 1);
	db = calloc(1, sizeof(*db));
	db->url = strdup(url);
	db->prepare = prepare;
	db->ep = ep;
	db->lanes = calloc(LANES, sizeof(*db->lanes));
	db->nlanes = LANES;
	db->waiting = calloc(WAITING_MAX, sizeof(struct fiber *));
	items_init(&db->ready);
	for (int i = 0; i < LANES; i++) {
		struct lane *l = &db->lanes[i];

		l->db = db;
		l->by_user = i == LANE_WRITE;
		l->depth = i == LANE_READ ? READ_DEPTH : 1;
		l->prepared = calloc(Q_COUNT / 64 + 1, sizeof(*l->prepared));
		items_init(&l->queue);
		items_init(&l->sent);
	}
	return db;
}

void
db_sharded(struct db *db)
{
	db->sharded = true;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (int i = 0; i < LANES; i++)
		lane_close(&db->lanes[i]);
	if (!db->joined)
		close(db->ep);
	free(db->lanes);
	free(db->waiting);
	free((char *)db->url);
	free(db);
}

const char *
db_error(const struct db *db)
{
	return db->why;
}

void
db_join(struct db *db, int ep)
{
	close(db->ep);
	db->ep = ep;
	db->joined = true;
}

/* ---- the loop's side ---- */

static struct lane *
free_lane(struct db *db)
{
	for (int i = LANE_OWN; i < LANES; i++)
		if (!db->lanes[i].taken)
			return &db->lanes[i];
	return NULL;
}

/* Resume whoever has what it waited for; they may ask for more at once. */
static bool
resume_all(struct db *db)
{
	struct item *it;
	bool any = false;

	while ((it = items_pop(&db->ready)) != NULL) {
		fiber_resume(it->fiber);
		any = true;
	}
	while (db->nwaiting > 0 && free_lane(db) != NULL) {
		struct fiber *f = db->waiting[0];

		memmove(db->waiting, db->waiting + 1, --db->nwaiting * sizeof(f));
		fiber_resume(f);
		any = true;
	}
	return any;
}

void
db_flush(struct db *db)
{
	assert(fiber_self() == NULL);
	do
		for (int i = 0; i < LANES; i++)
			lane_send(&db->lanes[i]);
	while (resume_all(db));
}

bool
db_event(struct db *db, void *ptr)
{
	uintptr_t at = (uintptr_t)ptr, first = (uintptr_t)db->lanes;

	if (at < first || at >= first + LANES * sizeof(*db->lanes))
		return false;
	lane_event(ptr);
	return true;
}

void
db_tick(struct db *db)
{
	int64_t now = clock_ms();

	if (now - db->ticked < TICK_MS)
		return;
	db->ticked = now;
	for (int i = 0; i < LANES; i++)
		lane_tick(&db->lanes[i], now);
}

void
db_turn(struct db *db, int timeout_ms)
{
	struct epoll_event evs[LANES];
	int n = epoll_wait(db->ep, evs, LANES, timeout_ms);

	for (int i = 0; i < n; i++)
		lane_event(evs[i].data.ptr);
	db_tick(db);
	resume_all(db);
}

/* ---- the callers' side ---- */

enum db_status
lane_run(struct lane *l, struct item *it, struct db_rows **rows)
{
	struct db *db = l->db;

	it->fiber = fiber_self();
	it->done = false;
	it->status = DB_OK;
	lane_push(l, it);
	while (!it->done)
		if (it->fiber != NULL)
			fiber_yield();
		else {
			db_flush(db);
			if (!it->done)
				db_turn(db, 100);
		}
	memcpy(db->why, it->why, sizeof(db->why));
	if (rows != NULL && (it->status == DB_OK || it->status == DB_NONE))
		*rows = TAKE(it->rows);
	rows_free(it->rows);
	return it->status;
}

struct item
item_of(const struct db_stmt *st, struct db_args args)
{
	assert(args.n == st->nargs);
	return (struct item){ .st = st, .args = args };
}

/* What a deadlock ended did not happen: it is safe to run it again. */
static enum db_status
run_again(struct lane *l, struct item first, struct db_rows **rows)
{
	enum db_status rc = DB_RETRY;

	for (int tries = 0; rc == DB_RETRY && tries < LANE_TRIES; tries++) {
		struct item it = first;

		it.alone = tries > 0;
		rc = lane_run(l, &it, rows);
	}
	return rc == DB_RETRY ? DB_BUSY : rc;
}

static enum db_status
read_item(struct db *db, struct item it, struct db_rows **rows)
{
	it.repeats = LANE_REPEATS;
	return run_again(&db->lanes[LANE_READ], it, rows);
}

enum db_status
db_read(struct db *db, const struct db_stmt *st, struct db_args args, struct db_rows **rows)
{
	return read_item(db, item_of(st, args), rows);
}

enum db_status
db_read_together(struct db *db, const struct db_stmt *st, struct db_args args,
    struct db_rows **rows)
{
	struct item it = item_of(st, args);

	it.together = true;
	return read_item(db, it, rows);
}

struct lane *
lane_take(struct db *db)
{
	struct lane *l;

	while ((l = free_lane(db)) == NULL) {
		assert(fiber_self() != NULL && db->nwaiting < WAITING_MAX);
		db->waiting[db->nwaiting++] = fiber_self();
		fiber_yield();
	}
	l->taken = true;
	return l;
}

enum db_status
db_read_alone(struct db *db, const struct db_stmt *st, struct db_args args, struct db_rows **rows)
{
	struct item it = item_of(st, args);
	struct lane *l = lane_take(db);
	enum db_status rc;

	it.repeats = LANE_REPEATS;
	rc = run_again(l, it, rows);
	l->taken = false;
	return rc;
}

/*
 * While somebody else holds the lock on a user's row, each write of that user would hold
 * up everybody's batch for as long as lock_timeout.  So once that has happened, the user's
 * writes go on a lane of their own for a while, and one at a time.
 */
static struct held *
held_find(struct db *db, const char *who)
{
	for (size_t i = 0; i < LANE_HELD_MAX; i++) {
		struct held *h = &db->held[i];

		if (strcmp(h->who, who) == 0 && (h->trying || clock_ms() < h->until))
			return h;
	}
	return NULL;
}

/* How a write of theirs ended. */
static void
held_note(struct db *db, const char *who, enum db_status rc)
{
	struct held *h = held_find(db, who);

	if (h == NULL) {
		if (rc != DB_BUSY)
			return;
		h = &db->held[db->next_held++ % LANE_HELD_MAX];
		snprintf(h->who, sizeof(h->who), "%s", who);
	}
	h->trying = false;
	h->until = rc == DB_BUSY ? clock_ms() + HELD_MS : 0;
}

enum db_status
db_write(struct db *db, const struct db_stmt *st, struct db_args args, struct db_rows **rows)
{
	enum db_status rc;

	assert(args.n > 0 && args.v[0] != NULL);
	if (held_find(db, args.v[0]) != NULL)
		return db_alone(db, st, args, rows);
	rc = run_again(&db->lanes[LANE_WRITE], item_of(st, args), rows);
	held_note(db, args.v[0], rc);
	return rc;
}

enum db_status
db_alone(struct db *db, const struct db_stmt *st, struct db_args args, struct db_rows **rows)
{
	const char *who = args.n > 0 && args.v[0] != NULL ? args.v[0] : "";
	struct held *h = held_find(db, who);
	struct lane *l;
	enum db_status rc;

	if (h != NULL && h->trying) {
		snprintf(db->why, sizeof(db->why), "%s: another waits for this lock", st->name);
		return DB_BUSY;
	}
	if (h != NULL)
		h->trying = true;
	l = lane_take(db);
	rc = run_again(l, item_of(st, args), rows);
	l->taken = false;
	held_note(db, who, rc);
	return rc;
}

enum db_status
db_check(struct db *db, const struct db_stmt *st)
{
	struct item it = { .st = st, .prepare_only = true };

	return lane_run(&db->lanes[LANE_READ], &it, NULL);
}
