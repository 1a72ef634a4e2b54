#ifndef T_DB_H
#define T_DB_H

/*
 * t_db - a connection and a table of numbers, for the tests of common/db*.c.
 */
#include <stdlib.h>

#include "db.h"
#include "t.h"

/* Not of sql/query: their text is sent each time (prepare off). */
#define SQL(name, args, text) static const struct db_stmt name = { #name, text, args, 0 }

SQL(table, 0, "CREATE TABLE tried (who text, n integer PRIMARY KEY)");
SQL(empty, 0, "DELETE FROM tried");
SQL(add, 2, "INSERT INTO tried (who, n) VALUES ($1::text, $2::integer)");
SQL(total, 0, "SELECT coalesce(sum(n), 0) AS sum FROM tried");
SQL(divide, 1, "SELECT 1 / $1::integer AS x");
SQL(serial, 0, "DO $do$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $do$");

static const struct db_args none = { 0, NULL };
static struct db *db;

/* db, with the table; ends the test where there is no database. */
static inline void
open_db(void)
{
	const char *url = getenv("TEST_DATABASE_URL");

	if (url == NULL)
		exit(77);
	db = db_open(url, false);
	T_OK(db_alone(db, &table, none, NULL) != DB_FAIL, "%s", db_error(db));
}

static inline int64_t
sum(void)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	return db_read(db, &total, none, &rows) == DB_OK ? rows_int(rows, 0, "sum") : -1;
}

static inline void
clear(void)
{
	T_OK(db_alone(db, &empty, none, NULL) != DB_FAIL && sum() == 0, "%s", db_error(db));
}

#endif
