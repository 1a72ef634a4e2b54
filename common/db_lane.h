#ifndef DB_LANE_H
#define DB_LANE_H

#include <libpq-fe.h>

#include "db.h"
#include "fiber.h"

/*
 * db_lane - one connection and the statements that wait for it; inside db*.c only.
 *
 * What is queued at the end of a turn goes out as one batch: one pipeline, one Sync, one transaction.  When a
 * statement fails none of it happened, and each runs again alone, but for who waited for a lock in vain.
 */
#define LANE_BATCH_MAX 64
#define LANE_TRIES     5 /* of what a deadlock or a serialization failure ended */
#define LANE_REPEATS   2 /* of a read whose connection broke: a pooler's next may be as dead */
#define LANE_HELD_MAX  8 /* users remembered whose rows somebody else has locked */

/* A statement on its way.  It lives on the stack of the function that waits for it. */
struct item {
	struct item *next;
	struct item *with;        /* those for whom it asks too */
	const struct db_stmt *st; /* or NULL, and sql: BEGIN and its kin */
	const char *sql;
	struct db_args args;
	struct fiber *fiber; /* who waits, NULL outside of all */
	int repeats;         /* how often it may run again because the connection broke */
	bool prepare_only;
	bool alone;     /* not together with others */
	bool together;  /* one of many that ask the same: db_together.c */
	bool preparing; /* its PREPARE has not been answered */
	bool last;      /* of its batch */
	bool in_tx;     /* what comes behind it in its batch needs it */
	bool done;
	enum db_status status;
	struct db_rows *rows; /* owned; on DB_OK and DB_NONE */
	char why[256];        /* on every other status */
};

struct items {
	struct item *first, **end;
};

enum lane_state { LANE_DOWN = 0, LANE_CONNECTING, LANE_UP };

struct lane {
	struct db *db;
	PGconn *pg;
	enum lane_state state;
	bool by_user;       /* order a batch by its first argument: lock order */
	bool taken;         /* by a transaction */
	struct items queue; /* waiting */
	struct items sent;  /* on the wire, one batch after the other */
	struct item *at;    /* of sent: whose answer comes next; NULL: a Sync's */
	int batches;        /* in sent */
	int depth;          /* the most there may be */
	bool preparing;     /* the newest batch prepares a statement */
	bool uncommitted;   /* the oldest batch's COMMIT has failed; that answer has not ended */
	bool blocked;       /* part of it waits for room in the socket */
	int64_t since; /* ms, monotonic: the last answer, or when waiting or connecting began */
	int64_t rest_until; /* ms: after a refused connection */
	uint64_t *prepared; /* a bit a statement */
};

/* A user whose last write waited for a lock in vain (see db.c). */
struct held {
	char who[40];
	int64_t until; /* ms */
	bool trying;   /* a write of theirs waits now */
};

struct db {
	const char *url;
	bool prepare, sharded;
	int ep;
	bool joined;            /* ep is the loop's */
	int64_t ticked;         /* ms: when lane_tick last ran */
	struct lane *lanes;     /* LANE_READ, LANE_WRITE, then those of transactions */
	struct items ready;     /* done, their fibers to be resumed by the loop */
	struct fiber **waiting; /* for a lane of their own, oldest first */
	size_t nwaiting, nlanes;
	struct held held[LANE_HELD_MAX];
	unsigned next_held, host; /* the latter: of url's, with which to begin */
	char why[256];
};

void items_init(struct items *q);
void items_push(struct items *q, struct item *it);
struct item *items_pop(struct items *q); /* NULL when empty */
/* What stands behind a failure in a transaction was not run: it has failed like that. */
void items_fail_behind(struct items *batch);

void lane_push(struct lane *l, struct item *it); /* queue it, or fail it at once */
void lane_event(struct lane *l);                 /* its socket is ready */
void lane_tick(struct lane *l, int64_t now);     /* give up what takes too long */
void lane_send(struct lane *l); /* connect; send what is queued, as far as depth allows */
void lane_close(struct lane *l);

/* Shared by db_lane.c and db_answer.c: an item has ended; a connection is of no more use. */
void lane_finish(struct lane *l, struct item *it, enum db_status status, const char *why);
void lane_broken(struct lane *l);
void lane_drain(struct lane *l); /* take the answers that are there */

struct db_rows *rows_new(PGresult *res);                   /* takes res */
struct db_rows *rows_part(struct db_rows *whole, int row); /* that row; -1: none */
const char *rows_tag(const struct db_rows *rows);          /* "COMMIT" */

/* ---- db.c ---- */

struct item item_of(const struct db_stmt *st, struct db_args args);
struct lane *lane_take(struct db *db); /* one for a transaction; waits until one is free */
/* Queue it, wait for it, hand its rows over. */
enum db_status lane_run(struct lane *l, struct item *it, struct db_rows **rows);

/* ---- db_status.c ---- */

enum db_status lane_status(const char *sqlstate, const char *message); /* of no state DB_FAIL */

#endif
