/* db_rows - reading a result: a struct db_rows is libpq's PGresult by another name. */
#include <assert.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

static const PGresult *
result(const struct db_rows *rows)
{
	return (const PGresult *)rows;
}

void
rows_free(struct db_rows *rows)
{
	PQclear((PGresult *)rows);
}

int
rows_count(const struct db_rows *rows)
{
	return rows != NULL ? PQntuples(result(rows)) : 0;
}

int
rows_col(const struct db_rows *rows, const char *name)
{
	int col = PQfnumber(result(rows), name);

	assert(col >= 0); /* a misspelt column: the first run of its test finds it */
	return col;
}

const char *
rows_at(const struct db_rows *rows, int row, int col)
{
	return PQgetisnull(result(rows), row, col) ? NULL : PQgetvalue(result(rows), row, col);
}

const char *
rows_text(const struct db_rows *rows, int row, const char *name)
{
	return rows_at(rows, row, rows_col(rows, name));
}

int64_t
rows_int(const struct db_rows *rows, int row, const char *name)
{
	const char *s = rows_text(rows, row, name);

	return s != NULL ? strtoll(s, NULL, 10) : 0;
}

bool
rows_bool(const struct db_rows *rows, int row, const char *name)
{
	const char *s = rows_text(rows, row, name);

	return s != NULL && strcmp(s, "t") == 0;
}
