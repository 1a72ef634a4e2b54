/*
 * db_test - statements, batches, transactions and breaks against a real PostgreSQL, in fibers
 * and outside.
 */
#include <stdlib.h>

#include "arena.h"
#include "fiber.h"
#include "t_db.h"

SQL(echo, 1, "SELECT $1::text AS said");
SQL(nothing, 1, "SELECT 1 WHERE $1::text IS NULL");
SQL(cast, 1, "SELECT $1::uuid AS id");
SQL(slow, 1, "SELECT pg_sleep($1::float8)");
SQL(gone, 0,
    "DO $do$ BEGIN RAISE EXCEPTION 'failure on connection marked as essential: 10.0.0.2:5432'"
    " USING ERRCODE = 'XX000'; END $do$");
SQL(limit, 1, "SELECT set_config('statement_timeout', $1::text, false)");
SQL(pid, 0, "SELECT pg_backend_pid() AS pid");
SQL(kill, 1, "SELECT pg_terminate_backend($1::integer, 5000) AS killed");
SQL(cuts, 0, "CREATE SEQUENCE cuts");
SQL(cut, 1,
    "SELECT CASE WHEN nextval('cuts') <= $1::bigint"
    " THEN pg_terminate_backend(pg_backend_pid(), 5000) ELSE false END AS cut");
SQL(uncut, 0, "SELECT setval('cuts', 1, false) AS next");
SQL(late, 0, "CREATE TABLE late (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED)");
SQL(add_late, 1, "INSERT INTO late (n) VALUES ($1::integer)");
SQL(boxes, 0, "CREATE TABLE boxes AS SELECT unnest('{a,b,c}'::text[]) AS who, 0 AS n");
SQL(touch, 1, "UPDATE boxes SET n = n + 1 WHERE who = $1::text");
SQL(lock, 1, "SELECT n FROM boxes WHERE who = $1::text FOR UPDATE");
SQL(each, 2,
    "SELECT caller.nth, upper(caller.who) || n::integer AS said, count(*) OVER () AS company"
    "  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY caller (who, n, nth)"
    " WHERE caller.who <> 'nobody' ORDER BY caller.nth DESC");
SQL(lone, 2, "SELECT 1 AS nth, 'alone ' || $1::text AS said, $2::integer AS company");

static int64_t
one(enum db_status st, struct db_rows *rows, const char *col)
{
	int64_t n = st == DB_OK ? rows_int(rows, 0, col) : -1;

	rows_free(rows);
	return n;
}

static void
statuses(void)
{
	static const struct {
		const struct db_stmt *st;
		const char *arg;
		enum db_status want;
	} rows[] = {
		{ &echo, "a", DB_OK },
		{ &echo, NULL, DB_OK },
		{ &nothing, "a", DB_NONE },
		{ &cast, "no uuid", DB_BAD },
		{ &echo, "\xff", DB_BAD },
		{ &divide, "0", DB_FAIL },
		{ &slow, "5", DB_BUSY },
		{ &echo, "still here", DB_OK },
	};

	T_OK(db_read(db, &limit, DB_ARGS("200ms"), NULL) == DB_OK, "limit");
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum db_status st = db_read(db, rows[i].st, DB_ARGS(rows[i].arg), NULL);

		T_OK(st == rows[i].want, "row %zu: %d, %s", i, st, db_error(db));
	}
	T_OK(db_read(db, &gone, none, NULL) == DB_AWAY, "a worker of Citus: %s", db_error(db));
	T_OK(db_write(db, &add, DB_ARGS("a", "1"), NULL) == DB_OK, "%s", db_error(db));
	T_OK(db_write(db, &add, DB_ARGS("a", "1"), NULL) == DB_CONFLICT, "%s", db_error(db));
	T_OK(sum() == 1, "one row");
}

/* ---- many at one time ---- */

struct job {
	const char *who, *n;
	enum db_status status;
};

static void
add_job(void *ctx)
{
	struct job *j = ctx;

	j->status = db_write(db, &add, DB_ARGS(j->who, j->n), NULL);
}

static void
divide_job(void *ctx)
{
	struct job *j = ctx;

	j->status = db_read(db, &divide, DB_ARGS(j->n), NULL);
}

#define WAITING ((enum db_status) - 1)

static void
begin(fiber_fn *fn, struct job *j)
{
	j->status = WAITING;
	fiber_start(fn, j);
}

static void
settle(struct db *at, const struct job *j)
{
	while (j->status == WAITING) {
		db_flush(at);
		db_turn(at, 10);
	}
}

/* Start all at once, as one turn of the loop does, and wait for all. */
static void
together(fiber_fn *fn, struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		begin(fn, &jobs[i]);
	for (size_t i = 0; i < n; i++)
		settle(db, &jobs[i]);
}

/* One that fails takes no other with it, neither of reads nor of writes. */
static void
batches(void)
{
	struct job writes[] = { { "c", "10", 0 }, { "a", "20", 0 }, { "b", "10", 0 },
		{ "a", "bad", 0 }, { "d", "30", 0 } };
	static const enum db_status want[] = { DB_CONFLICT, DB_OK, DB_OK, DB_BAD, DB_OK };
	struct job reads[] = { { NULL, "1", 0 }, { NULL, "0", 0 }, { NULL, "2", 0 } };
	struct job many[200];
	char n[200][16];

	clear();
	together(add_job, writes, COUNT(writes));
	for (size_t i = 0; i < COUNT(writes); i++) /* in user order: b has 10 before c */
		T_OK(writes[i].status == want[i], "write %zu: %d", i, writes[i].status);
	together(divide_job, reads, COUNT(reads));
	T_OK(reads[0].status == DB_OK && reads[1].status == DB_FAIL && reads[2].status == DB_OK,
	    "reads: %d %d %d", reads[0].status, reads[1].status, reads[2].status);
	for (int i = 0; i < 200; i++) {
		snprintf(n[i], sizeof(n[i]), "%d", 1000 + i);
		many[i] = (struct job){ "m", n[i], 0 };
	}
	together(add_job, many, COUNT(many));
	for (int i = 0; i < 200; i++)
		T_OK(many[i].status == DB_OK, "many %d: %d", i, many[i].status);
}

/* What is found wrong only when it is committed. */
static void
late_job(void *ctx)
{
	struct job *j = ctx;

	j->status = db_write(db, &add_late, DB_ARGS(j->n), NULL);
}

static void
commits(void)
{
	struct job many[] = { { NULL, "5", 0 }, { NULL, "5", 0 }, { NULL, "6", 0 } };

	T_OK(db_alone(db, &late, none, NULL) != DB_FAIL, "%s", db_error(db));
	T_OK(db_write(db, &add_late, DB_ARGS("1"), NULL) == DB_OK, "%s", db_error(db));
	T_OK(db_write(db, &add_late, DB_ARGS("1"), NULL) == DB_CONFLICT, "%s", db_error(db));
	T_OK(strstr(db_error(db), "add_late: [23505]") != NULL, "%s", db_error(db));
	T_OK(db_write(db, &add_late, DB_ARGS("2"), NULL) == DB_OK, "%s", db_error(db));
	together(late_job, many, COUNT(many));
	T_OK(many[0].status == DB_OK && many[1].status == DB_CONFLICT && many[2].status == DB_OK,
	    "one batch: %d %d %d", many[0].status, many[1].status, many[2].status);
}

/* ---- the same asked by many ---- */

struct question {
	struct job job; /* first: ask() gets a pointer to it */
	const char *want;
	char said[64];
	int64_t company;
};

static void
ask(void *ctx)
{
	struct question *q = ctx;
	struct db_rows *rows = NULL;
	enum db_status st = db_read_together(db, &each, DB_ARGS(q->job.who, q->job.n), &rows);

	if (st == DB_OK) {
		snprintf(q->said, sizeof(q->said), "%s", rows_text(rows, 0, "said"));
		q->company = rows_count(rows) == 1 ? rows_int(rows, 0, "company") : -1;
	}
	rows_free(rows);
	q->job.status = st;
}

static void
ask_all(struct question *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		begin(ask, &q[i].job);
	for (size_t i = 0; i < n; i++)
		settle(db, &q[i].job);
}

/* Each has its own answer or none, whatever the order of the rows; one bad question spoils
 * nobody else's. */
static void
each_its_own(void)
{
	struct question good[] = { { .job = { "a", "1", 0 }, .want = "A1" },
		{ .job = { "nobody", "2", 0 } },
		{ .job = { "q\"uo\\te,{}", "3", 0 }, .want = "Q\"UO\\TE,{}3" },
		{ .job = { "", "4", 0 }, .want = "4" },
		{ .job = { "null", "5", 0 }, .want = "NULL5" }, { .job = { NULL, "6", 0 } } };
	struct question mixed[] = { { .job = { "a", "1", 0 }, .want = "A1" },
		{ .job = { "b", "bad", 0 } }, { .job = { "c", "3", 0 }, .want = "C3" } };
	struct question many[200];

	T_OK(db_read(db, &echo, DB_ARGS("the lane is up"), NULL) == DB_OK, "%s", db_error(db));
	ask_all(good, COUNT(good));
	for (size_t i = 0; i < COUNT(good); i++) {
		T_OK(good[i].job.status == (good[i].want != NULL ? DB_OK : DB_NONE),
		    "question %zu: %d", i, good[i].job.status);
		T_SAME(good[i].said, good[i].want != NULL ? good[i].want : "", "answer");
		T_OK(good[i].want == NULL || good[i].company == 4, "question %zu was asked alone",
		    i);
	}
	ask_all(mixed, COUNT(mixed));
	for (size_t i = 0; i < COUNT(mixed); i++)
		T_OK(mixed[i].job.status == (mixed[i].want != NULL ? DB_OK : DB_BAD),
		    "mixed %zu: %d", i, mixed[i].job.status);
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct question){ .job = { "m", i % 2 == 0 ? "7" : "8", 0 } };
	ask_all(many, COUNT(many));
	for (size_t i = 0; i < COUNT(many); i++)
		T_SAME(many[i].said, i % 2 == 0 ? "M7" : "M8", "many");
}

static struct db *fresh;

static void
echo_job(void *ctx)
{
	struct job *j = ctx;

	j->status = db_read(fresh, &echo, DB_ARGS(j->n), NULL);
}

/* A statement that is asked for again before its PREPARE was answered, in the same batch or
 * in the next, is prepared once. */
static void
prepared_once(void)
{
	struct job jobs[8];

	fresh = db_open(getenv("TEST_DATABASE_URL"), true);
	T_OK(db_check(fresh, &echo) == DB_OK, "the lane is up: %s", db_error(fresh));
	for (size_t i = 0; i < COUNT(jobs); i++) {
		jobs[i] = (struct job){ .n = "a" };
		begin(echo_job, &jobs[i]);
		if (i % 3 != 0)
			db_flush(fresh);
	}
	for (size_t i = 0; i < COUNT(jobs); i++) {
		settle(fresh, &jobs[i]);
		T_OK(jobs[i].status == DB_OK, "job %zu: %d", i, jobs[i].status);
	}
	db_close(fresh);
}

/* ---- locks ---- */

static void
touch_job(void *ctx)
{
	struct job *j = ctx;

	j->status = db_write(db, &touch, DB_ARGS(j->who), NULL);
}

/* Somebody holds A's row: A's writes are busy, alone and in company, and nobody else's. */
static enum db_status
hold(struct db_tx *tx, void *ctx)
{
	struct job jobs[] = { { "b", NULL, 0 }, { "a", NULL, 0 }, { "c", NULL, 0 },
		{ "a", NULL, 0 } };
	int *runs = ctx;

	if (db_exec(tx, &lock, DB_ARGS("a"), NULL) != DB_OK)
		return DB_FAIL;
	for (*runs = 0; *runs < 3; ++*runs) {
		together(touch_job, jobs, COUNT(jobs));
		for (size_t i = 0; i < COUNT(jobs); i++)
			T_OK(jobs[i].status == (jobs[i].who[0] == 'a' ? DB_BUSY : DB_OK),
			    "round %d, write %zu: %d", *runs, i, jobs[i].status);
	}
	T_OK(db_alone(db, &touch, DB_ARGS("a"), NULL) == DB_BUSY, "%s", db_error(db));
	return DB_OK;
}

static void
locks(void)
{
	struct db *all = db, *other = db_open(getenv("TEST_DATABASE_URL"), false);
	char url[512];
	int runs;

	snprintf(url, sizeof(url), "%s options='-c lock_timeout=100'", getenv("TEST_DATABASE_URL"));
	T_OK(db_alone(other, &boxes, none, NULL) != DB_FAIL, "%s", db_error(other));
	db = db_open(url, false);
	T_OK(db_tx(other, hold, &runs) == DB_OK && runs == 3, "%s", db_error(other));
	for (int i = 0; i < 2; i++)
		T_OK(db_write(db, &touch, DB_ARGS("a"), NULL) == DB_OK, "%s", db_error(db));
	T_OK(db_alone(db, &touch, DB_ARGS("a"), NULL) == DB_OK, "%s", db_error(db));
	db_close(db);
	db_close(other);
	db = all;
}

/* ---- transactions ---- */

struct plan {
	enum db_status end;
	int runs;
	bool fail_inside;
};

static enum db_status
add_two(struct db_tx *tx, void *ctx)
{
	struct plan *p = ctx;
	enum db_status st;

	p->runs++;
	if ((st = db_exec(tx, &add, DB_ARGS("t", "101"), NULL)) != DB_OK ||
	    (st = db_exec(tx, &add, DB_ARGS("t", "102"), NULL)) != DB_OK)
		return st;
	if (p->fail_inside)
		return db_exec(tx, &divide, DB_ARGS("0"), NULL) == DB_FAIL ? DB_OK : DB_FAIL;
	return p->end;
}

static enum db_status
lose_connection(struct db_tx *tx, void *ctx)
{
	struct db_rows *rows = NULL;
	enum db_status st = db_exec(tx, &pid, none, &rows);
	char text[24];

	(void)ctx;
	snprintf(text, sizeof(text), "%d", (int)one(st, rows, "pid"));
	if ((st = db_exec(tx, &add, DB_ARGS("l", "500"), NULL)) != DB_OK)
		return st;
	if (db_read(db, &kill, DB_ARGS(text), NULL) != DB_OK)
		return DB_FAIL;
	/* On a new connection this would be alone, and stay. */
	return db_exec(tx, &add, DB_ARGS("l", "501"), NULL);
}

static void
transactions(void)
{
	static const struct {
		const char *what;
		struct plan plan;
		enum db_status want;
		int runs;
		int64_t kept;
	} rows[] = {
		{ "roll back on failure", { DB_FAIL, 0, false }, DB_FAIL, 1, 0 },
		{ "conflict is told", { DB_CONFLICT, 0, false }, DB_CONFLICT, 1, 0 },
		{ "retry is bounded", { DB_RETRY, 0, false }, DB_BUSY, 5, 0 },
		{ "commit of an aborted one", { DB_OK, 0, true }, DB_FAIL, 1, 0 },
		{ "commit", { DB_OK, 0, false }, DB_OK, 1, 203 },
	};

	clear();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan p = rows[i].plan;
		enum db_status st = db_tx(db, add_two, &p);

		T_OK(st == rows[i].want, "%s: %d, %s", rows[i].what, st, db_error(db));
		T_OK(p.runs == rows[i].runs, "%s: %d runs", rows[i].what, p.runs);
		T_OK(sum() == rows[i].kept, "%s: sum %d", rows[i].what, (int)sum());
	}
	T_OK(db_tx(db, lose_connection, NULL) == DB_AWAY, "lost: %s", db_error(db));
	T_OK(sum() == 203, "nothing of a lost transaction stays");
	T_OK(db_alone(db, &serial, none, NULL) == DB_BUSY, "a retry without end: %s", db_error(db));
}

/* ---- breaks ---- */

static void
breaks(void)
{
	struct db *other = db_open(getenv("TEST_DATABASE_URL"), false);
	struct db *nowhere = db_open("host=/nonexistent", true);
	struct question asked[] = { { .job = { "a", "1", 0 } }, { .job = { "b", "2", 0 } } };
	struct db_rows *rows = NULL;
	enum db_status st = db_read(db, &pid, none, &rows);
	char text[24];

	snprintf(text, sizeof(text), "%d", (int)one(st, rows, "pid"));
	T_OK(db_read(other, &kill, DB_ARGS(text), NULL) == DB_OK, "%s", db_error(other));
	ask_all(asked, COUNT(asked));
	for (size_t i = 0; i < COUNT(asked); i++)
		T_OK(asked[i].job.status == DB_OK, "a read outlives a break: %d",
		    asked[i].job.status);
	for (int i = 0; i < 3; i++)
		T_OK(db_read(nowhere, &echo, DB_ARGS("a"), NULL) == DB_AWAY, "nowhere: try %d", i);
	T_OK(db_tx(nowhere, add_two, &(struct plan){ 0 }) == DB_AWAY, "no transaction there");
	db_close(nowhere);
	db_close(other);
	db_close(NULL);
}

/* A read runs again when its connection breaks, but not for ever: it may be what breaks it. */
static void
cuts_of_reads(void)
{
	static const struct {
		const char *cuts;
		enum db_status want;
	} rows[] = { { "1", DB_OK }, { "2", DB_OK }, { "3", DB_AWAY }, { "0", DB_OK } };

	T_OK(db_alone(db, &cuts, none, NULL) != DB_FAIL, "%s", db_error(db));
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum db_status st;

		T_OK(db_read(db, &uncut, none, NULL) == DB_OK, "%s", db_error(db));
		st = db_read(db, &cut, DB_ARGS(rows[i].cuts), NULL);
		T_OK(st == rows[i].want, "cut %s times: %d", rows[i].cuts, st);
	}
}

/* What a Citus coordinator is sent, and nobody else; never for several callers at one time. */
static void
other_forms(void)
{
	struct db_stmt st = each;
	struct db *sharded = db_open(getenv("TEST_DATABASE_URL"), false);
	struct {
		struct db *db;
		const char *said;
	} rows[] = { { db, "A1" }, { sharded, "alone a" } };

	st.sharded = &lone;
	db_sharded(sharded);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct db_rows *got = NULL;

		T_OK(db_read_together(rows[i].db, &st, DB_ARGS("a", "1"), &got) == DB_OK, "%s",
		    db_error(rows[i].db));
		T_SAME(rows_text(got, 0, "said"), rows[i].said, "form");
		rows_free(got);
	}
	db_close(sharded);
}

int
main(void)
{
	open_db();
	statuses();
	commits();
	batches();
	each_its_own();
	prepared_once();
	locks();
	transactions();
	breaks();
	cuts_of_reads();
	other_forms();
	db_close(db);
	return T_DONE("db");
}
