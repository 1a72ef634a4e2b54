#ifndef T_CRON_H
#define T_CRON_H

/*
 * t_cron - a database for the tests of cron's jobs: hand-written SQL as the owner of the schema
 * (TEST_DATABASE_URL), the jobs themselves with the worker's rights (TEST_WORKER_DATABASE_URL).
 */
#include <sys/wait.h>
#include <unistd.h>

#include "cron/cron.h"
#include "t.h"

static struct db *t_owner;

static inline struct db *
t_open(const char *variable)
{
	const char *url = getenv(variable);
	struct db *db;

	if (url == NULL)
		url = getenv("TEST_DATABASE_URL");
	if (url == NULL) {
		fprintf(stderr, "TEST_DATABASE_URL is not set\n");
		exit(77);
	}
	if ((db = db_open(url, false)) == NULL)
		abort();
	return db;
}

/* Run one statement; its first value as a number, 0 when there is none. */
static inline int64_t
sql(const char *text)
{
	struct db_stmt st = { .name = "test", .sql = text };
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status rc = db_alone(t_owner, &st, (struct db_args){ 0 }, &rows);

	T_OK(rc == DB_OK || rc == DB_NONE, "%s: %s", text, db_error(t_owner));
	if (rows_count(rows) == 0 || rows_at(rows, 0, 0) == NULL)
		return 0;
	return strtoll(rows_at(rows, 0, 0), NULL, 10);
}

/* The same, as text of up to 255 bytes that lives until the next call; "" for NULL. */
static inline const char *
sql_text(const char *text)
{
	static char got[256];
	struct db_stmt st = { .name = "test", .sql = text };
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status rc = db_alone(t_owner, &st, (struct db_args){ 0 }, &rows);

	T_OK(rc == DB_OK || rc == DB_NONE, "%s: %s", text, db_error(t_owner));
	snprintf(got, sizeof(got), "%s",
	    rows_count(rows) > 0 && rows_at(rows, 0, 0) != NULL ? rows_at(rows, 0, 0) : "");
	return got;
}

/* Run fn in n processes at once, each with a connection of its own.  Returns how many ended well. */
static inline int
t_at_once(int n, bool (*fn)(struct db *db, int which))
{
	int well = 0, status;

	fflush(NULL);
	for (int i = 0; i < n; i++)
		if (fork() == 0)
			_exit(fn(t_open("TEST_WORKER_DATABASE_URL"), i) ? 0 : 1);
	for (int i = 0; i < n; i++)
		if (wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			well++;
	return well;
}

#endif
