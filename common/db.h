#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scope.h"

/*
 * db - a program's way to PostgreSQL; common/db*.c alone talk to libpq.
 *
 * SQL text lives in sql/query/<family>.sql; the build makes of each named statement a struct
 * db_stmt q_<name>.  Inside a fiber (common/fiber.h) a call lets others go on while it waits;
 * elsewhere (tests, most of cron) it simply blocks.  Statements of the fibers that wait at one time
 * travel together: all reads of a turn in one pipeline on one connection, all writes on another, so
 * that neither a wake-up nor a log flush is paid for each.
 */
struct db;
struct db_tx;
struct db_rows;

struct db_stmt {
	const char *name, *sql;
	unsigned nargs, id;            /* parameters; index in q_all */
	const struct db_stmt *sharded; /* what a Citus coordinator is sent in its place, or NULL */
};

enum db_status {     /* What became of a statement.  Details: db_error(). */
	DB_OK = 0,   /* done, at least one row read or changed */
	DB_NONE,     /* done, no row */
	DB_CONFLICT, /* unique or foreign key violated */
	DB_BAD,      /* a value that its type refuses */
	DB_RETRY,    /* serialization failure or deadlock: db_tx runs again */
	DB_BUSY,     /* a timeout of ours: answer 503 */
	DB_AWAY,     /* no connection, or it broke: answer 503.  Of a write nobody may know */
	DB_FAIL      /* anything else: our fault */
};

struct db_args {
	size_t n;
	const char *const *v; /* text form; NULL is SQL NULL */
};
#define DB_ARGS(...) \
	((struct db_args){ sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), \
	    (const char *const[]){ __VA_ARGS__ } })

/* Connects when first used, and again after a break.  url is a libpq URI or key=value string.
 * prepare false sends each statement with its text: for poolers that cannot keep prepared ones.
 * NULL when no epoll can be had. */
struct db *db_open(const char *url, bool prepare);
void db_sharded(struct db *db); /* url leads to a Citus coordinator (sql/citus.sql) */
void db_close(struct db *db);   /* NULL is a no-op */

/* Why the last call of this fiber (or program) failed, for the log: never for a client. */
const char *db_error(const struct db *db);

/*
 * Run one statement.
 *   args  st->nargs of them; borrowed until the call returns
 *   rows  receives the result, owned by the caller (SCOPED(rows_free)), or NULL when no rows are
 *         wanted; written on DB_OK and DB_NONE only
 * db_read is for what changes nothing: it runs again by itself when the connection breaks.
 * db_read_together is db_read of what many ask at one time: what waits together is one statement;
 * its parameters are arrays, an element a call, and its column nth says which element (from 1) a
 * row answers, a row a call at most.  db_write is one statement and its own commit, of which
 * args.v[0] is the id of the one user (key, project, issue) whose rows it locks; several may share a
 * commit, in the order of these.  db_alone is a write that may take long or wait; in a family its
 * args.v[0] is such an id too.  db_read_alone is db_read of what may take long: no other waits for it.
 */
enum db_status db_read(struct db *db, const struct db_stmt *st, struct db_args args,
    struct db_rows **rows) MUST_CHECK;
enum db_status db_read_together(struct db *db, const struct db_stmt *st, struct db_args args,
    struct db_rows **rows) MUST_CHECK;
enum db_status db_write(struct db *db, const struct db_stmt *st, struct db_args args,
    struct db_rows **rows) MUST_CHECK;
enum db_status db_read_alone(struct db *db, const struct db_stmt *st, struct db_args args,
    struct db_rows **rows) MUST_CHECK;
enum db_status db_alone(struct db *db, const struct db_stmt *st, struct db_args args,
    struct db_rows **rows) MUST_CHECK;

/*
 * Run body inside one transaction: commit on DB_OK or DB_NONE, else roll back.  body is run again
 * (at most 5 times) on DB_RETRY: it must touch only the database and its own ctx, and start that
 * afresh.  db_later is for a statement whose answer nobody needs: it travels with the next one, or
 * with COMMIT.  Where it fails, so do these, with its status.  args are copied.
 */
typedef enum db_status db_tx_fn(struct db_tx *tx, void *ctx);
enum db_status db_tx(struct db *db, db_tx_fn *body, void *ctx) MUST_CHECK;
enum db_status db_exec(struct db_tx *tx, const struct db_stmt *st, struct db_args args,
    struct db_rows **rows) MUST_CHECK;
void db_later(struct db_tx *tx, const struct db_stmt *st, struct db_args args);

enum db_status db_check(struct db *db, const struct db_stmt *st) MUST_CHECK; /* prepare it now */

/*
 * For the event loop.  db_join, before the first statement: its epoll watches our connections
 * from now on.  db_event takes what that epoll said of one of them, false when ptr is not ours.
 * db_tick, now and then: gives up what takes too long.  db_flush, at the end of a turn: sends
 * what the turn's requests ask for and resumes those that have their answer.
 */
void db_join(struct db *db, int ep);
bool db_event(struct db *db, void *ptr);
void db_tick(struct db *db);
void db_flush(struct db *db);

void db_turn(struct db *db, int timeout_ms); /* without a loop: wait so long for answers */

void rows_free(struct db_rows *rows);                       /* NULL is a no-op */
int rows_count(const struct db_rows *rows);                 /* NULL has 0 */
int rows_col(const struct db_rows *rows, const char *name); /* asserts that there is one */
/* Borrowed from rows; NULL stands for SQL NULL.  By name: for few rows. */
const char *rows_at(const struct db_rows *rows, int row, int col);
const char *rows_text(const struct db_rows *rows, int row, const char *name);
int64_t rows_int(const struct db_rows *rows, int row, const char *name); /* NULL is 0 */
bool rows_bool(const struct db_rows *rows, int row, const char *name);   /* NULL is false */

DEFINE_SCOPED(struct db_rows *, rows_free)

#endif
