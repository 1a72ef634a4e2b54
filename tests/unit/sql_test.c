/*
 * sql_test - every statement of sql/query prepares against a freshly migrated schema; those of many
 * callers at one time keep their plan, also for one alone.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "queries.h"
#include "t.h"

static const struct db_stmt plans = { "plans",
	"SELECT generic_plans > 0 AS kept FROM pg_prepared_statements WHERE name = $1", 1, Q_COUNT,
	NULL };

static void
plan_kept(struct db *db, const struct db_stmt *st, const char *first, const char *second)
{
	struct db_rows *rows = NULL;

	for (int i = 0; i < 10; i++)
		T_OK(db_read_together(db, st, DB_ARGS(first, second), NULL) == DB_NONE, "%s: %s",
		    st->name, db_error(db));
	T_OK(db_read(db, &plans, DB_ARGS(st->name), &rows) == DB_OK, "%s", db_error(db));
	T_OK(rows_bool(rows, 0, "kept"), "%s is planned anew for each call", st->name);
	rows_free(rows);
}

int
main(void)
{
	static const char nobody[] = "00000000-0000-4000-8000-000000000000";
	const char *url = getenv("TEST_DATABASE_URL");
	struct db *db;

	if (url == NULL)
		return 77;
	db = db_open(url, true);
	for (size_t i = 0; q_all[i] != NULL; i++) {
		T_OK(db_check(db, q_all[i]) == DB_OK, "%s", db_error(db));
		T_OK(q_all[i]->id == i && i < Q_COUNT, "%s: its number", q_all[i]->name);
		for (size_t k = 0; k < i; k++)
			T_OK(strcmp(q_all[k]->name, q_all[i]->name) != 0, "two named %s",
			    q_all[i]->name);
	}
	plan_kept(db, &q_inbox_poll, nobody, nobody);
	plan_kept(db, &q_flag_evaluate, "\\x00", "flag");
	db_close(db);
	return T_DONE("sql");
}
