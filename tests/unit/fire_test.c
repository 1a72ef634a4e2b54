/* cron/fire: many runs at once, what stands in the way, the dry run, clocks. */
#include "json.h"
#include "queries.h"
#include "t_fire_story.h"

/* ---- many at once ---- */

static void
many(int n)
{
	char text[1024];

	start_afresh();
	sql("DELETE FROM experiments");
	snprintf(text, sizeof(text),
	    "WITH e AS (INSERT INTO experiments (project_id, name, status, url_rules, variations, metrics)"
	    " SELECT " PROJECT ", 'E' || n, 'SCHEDULED', " GOOD
	    " FROM generate_series(1, %d) n RETURNING id),"
	    " s AS (INSERT INTO schedules (project_id, resource_kind, resource_id, resource_name, time_zone,"
	    " first_at, scheduled_by) SELECT " PROJECT ", 'experiment', id, 'E', 'Asia/Tokyo',"
	    " now() - interval '1 minute', " U(
		1) " FROM e RETURNING id)"
		   " INSERT INTO moments (schedule_id, project_id, kind, due_at, scheduled_by)"
		   " SELECT id, " PROJECT
		   ", 'launch', now() - interval '1 minute', " U(1) " FROM s",
	    n);
	sql(text);
}

static bool
fire_now(struct db *db, int which)
{
	int64_t n[TALLY_MAX];

	(void)which;
	return fire_at(db, NULL, false, n);
}

static void
test_at_once(void)
{
	static const int workers[] = { 2, 20 };

	for (size_t i = 0; i < COUNT(workers); i++) {
		many(200);
		T_OK(t_at_once(workers[i], fire_now) == workers[i], "%d: nobody fails", workers[i]);
		T_OK(
		    sql("SELECT count(*) FROM moments WHERE outcome = 'FIRED' AND reason IS NULL") ==
			200,
		    "%d workers", workers[i]);
		T_OK(
		    sql("SELECT count(*) FROM experiments WHERE status = 'RUNNING' AND version = 2") ==
			200,
		    "%d workers", workers[i]);
		T_OK(sql("SELECT count(*) FROM notifications") == 200 &&
			sql("SELECT count(*) FROM deliveries") == 400 &&
			sql("SELECT count(*) FROM audit") == 200,
		    "%d workers", workers[i]);
		check_story("at once");
	}
}

/* A page of what is due is read in its order, not sorted out of all that is due with it. */
static void
test_page(void)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	char text[2048];
	struct db_stmt st = { "explain", text, q_fire_due.nargs, 0 };
	struct db *plain = db_open(getenv("TEST_WORKER_DATABASE_URL"), false);
	enum db_status ended;

	many(5000);
	sql("ANALYZE moments");
	sql("ANALYZE schedules");
	snprintf(text, sizeof(text), "EXPLAIN (FORMAT JSON) %s", q_fire_due.sql);
	ended = db_read(plain, &st,
	    DB_ARGS(NULL, "false", "-infinity", "00000000-0000-4000-8000-000000000000"), &rows);
	T_OK(ended == DB_OK && strstr(rows_at(rows, 0, 0), "Sort Key") == NULL, "%s",
	    ended == DB_OK ? rows_at(rows, 0, 0) : db_error(plain));
	db_close(plain);
}

/* ---- runs that are killed ---- */

static useconds_t fuse;

static bool
fire_and_die(struct db *db, int which)
{
	(void)which;
	ualarm(fuse, 0);
	return fire_now(db, 0);
}

static void
test_killed(void)
{
	int64_t n[TALLY_MAX];
	uint64_t seed = 20261122;
	int runs = 0;

	many(150);
	while (sql("SELECT count(*) FROM moments WHERE outcome IS NULL") > 20 && runs++ < 200) {
		fuse = 1000 + (useconds_t)(t_random(&seed) % 60000);
		t_at_once(1, fire_and_die);
		check_story("killed");
	}
	for (int i = 0; i < 50 && sql("SELECT count(*) FROM moments WHERE outcome IS NULL") > 0;
	     i++) {
		usleep(50000); /* what the last one held is let go */
		T_OK(fire_at(worker, NULL, false, n), "a clean run");
	}
	T_OK(sql("SELECT count(*) FROM experiments WHERE status = 'RUNNING' AND version = 2") ==
		150,
	    "after %d runs that were killed", runs);
	check_story("killed and clean");
}

/* ---- what stands in the way ---- */

static const struct db_stmt hold_experiment = { .name = "test",
	.sql = "SELECT 1 FROM experiments WHERE id = " EXP " FOR UPDATE" };

static enum db_status
fire_while_held(struct db_tx *tx, void *ctx)
{
	enum db_status st = db_exec(tx, &hold_experiment, (struct db_args){ 0 }, NULL);

	T_OK(fire_at(worker, AT, false, ctx), "held");
	return st;
}

static void
test_obstacles(void)
{
	int64_t n[TALLY_MAX];

	start_afresh();
	plan("launch", "1 minute");
	become("enable", "off");
	plan("enable", "1 minute");
	T_OK(db_tx(t_owner, fire_while_held, n) == DB_OK, "%s", db_error(t_owner));
	T_OK(n[FIRE_FIRED] == 1 && n[FIRE_SKIPPED] == 1, "what is held is left, the rest is not");
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_FIRED] == 1, "the next run");
	check_story("held");

	start_afresh();
	plan("launch", "2 minutes");
	plan("enable", "1 minute");
	sql("CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'poison'; END $$");
	sql("CREATE TRIGGER poison BEFORE UPDATE ON moments FOR EACH ROW WHEN (old.kind = 'launch')"
	    " EXECUTE FUNCTION poison()");
	T_OK(!fire_at(worker, AT, false, n), "the run is not sound");
	T_OK(n[FIRE_FIRED] == 1 && n[FIRE_SKIPPED] == 1, "a poisoned moment stops no other");
	T_SAME(state_of("launch"), "SCHEDULED", "and changes nothing");
	check_story("poison");
	sql("DROP FUNCTION poison CASCADE");
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_FIRED] == 1, "once it is well");
	check_story("poison");
}

static void
test_dry_run(void)
{
	struct arena a;
	struct out line;
	struct run run = { .db = worker, .conf = &conf, .at = AT, .dry = true, .line = &line };
	int64_t n[TALLY_MAX] = { 0 };
	json_object *said, *list, *v;
	bool ok;

	start_afresh();
	plan("launch", "61 minutes");
	plan_second("end", "1 day", false);
	become("disable", "on");
	plan("disable", "-5 days");
	arena_init(&a, 1024 * 1024);
	out_init(&line, &a, 64);
	out_open(&line, '{');
	T_OK(fire_job(&run, n), "dry");
	out_close(&line, '}');
	T_OK(n[FIRE_MISSED] == 1 && n[FIRE_FIRED] == 0, "only what is due counts");
	said = json_read(line.s, line.n, &ok);
	T_OK(ok && json_object_object_get_ex(said, "moments", &list) &&
		json_object_array_length(list) == 3,
	    "%.*s", (int)line.n, line.s);
	for (size_t i = 0; ok && i < 3; i++)
		T_OK(json_object_object_get_ex(json_object_array_get_idx(list, i), "verdict", &v) &&
			strcmp(json_object_get_string(v), i == 0 ? "MISSED" : "FIRED") == 0,
		    "verdict %zu: %.*s", i, (int)line.n, line.s);
	json_object_put(said);
	arena_free(&a);
	T_OK(sql("SELECT count(*) FROM moments WHERE outcome IS NULL") == 3 &&
		sql("SELECT count(*) FROM notifications") == 0 &&
		sql("SELECT count(*) FROM audit") == 0,
	    "nothing has changed");
	T_SAME(state_of("launch"), "SCHEDULED", "nothing has changed");
}

/* ---- clocks ---- */

static const struct {
	int64_t database, host, last;
	bool doubt;
} clocks[] = {
	{ 1000000000, 1000000000, 0, false },
	{ 1000000000, 1000000000, 999940000, false },
	{ 1000060000, 1000000000, 0, false },
	{ 1000060001, 1000000000, 0, true },
	{ 1000000000, 1000060000, 0, false },
	{ 1000000000, 1000060001, 0, true },
	{ 1000000000, 1000000000, 1000001000, false },
	{ 1000000000, 1000000000, 1000001001, true },
	{ 1086400000, 1000000000, 1000000000, true },
};

static void
test_clocks(void)
{
	int64_t n[TALLY_MAX];
	struct arena a;

	arena_init(&a, 4096);
	for (size_t i = 0; i < COUNT(clocks); i++)
		T_OK((fire_doubt(&a, clocks[i].database, clocks[i].host, clocks[i].last) != NULL) ==
			clocks[i].doubt,
		    "clocks %zu", i);
	arena_free(&a);

	start_afresh();
	plan("launch", "0 seconds");
	plan("enable", "0 seconds");
	sql("UPDATE moments SET due_at = now() - interval '61 minutes' WHERE kind = 'launch'");
	sql("UPDATE moments SET due_at = now() - interval '1 minute' WHERE kind = 'enable'");
	sql("INSERT INTO heartbeats (job, started_at, finished_at)"
	    " VALUES ('fire', now(), now() + interval '1 hour')");
	T_OK(fire_at(worker, NULL, false, n), "time has gone back");
	T_OK(n[FIRE_FIRED] == 1 && n[FIRE_MISSED] == 0 && n[FIRE_SKIPPED] == 1,
	    "nothing is missed");
	sql("UPDATE heartbeats SET finished_at = now()");
	T_OK(fire_at(worker, NULL, false, n) && n[FIRE_MISSED] == 1, "with a good clock it is");
	check_story("clock");
	start_afresh();
	plan("launch", "61 minutes");
	sql("INSERT INTO heartbeats (job, started_at, finished_at)"
	    " VALUES ('fire', now(), '2040-01-01')");
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_MISSED] == 1, "--at switches the check off");
}

int
main(void)
{
	worker = t_open("TEST_WORKER_DATABASE_URL");
	t_owner = t_open("TEST_DATABASE_URL");
	test_at_once();
	test_page();
	test_killed();
	test_obstacles();
	test_dry_run();
	test_clocks();
	db_close(worker);
	db_close(t_owner);
	return T_DONE("fire");
}
