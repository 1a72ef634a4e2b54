/* db_rows - reading a result: libpq's, or a part of one that answers several callers. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "db_lane.h"

struct db_rows {
	PGresult *res;
	struct db_rows *of; /* whose res it is; NULL: its own */
	int users;          /* of its own res: itself and its parts */
	int first, count;
};

static struct db_rows *
rows_make(struct db_rows rows)
{
	struct db_rows *r = malloc(sizeof(*r));

	*r = rows;
	return r;
}

struct db_rows *
rows_new(PGresult *res)
{
	return rows_make((struct db_rows){ .res = res, .users = 1, .count = PQntuples(res) });
}

struct db_rows *
rows_part(struct db_rows *whole, int row)
{
	whole->users++;
	return rows_make((struct db_rows){ .res = whole->res,
	    .of = whole,
	    .first = row,
	    .count = row >= 0 ? 1 : 0 });
}

static void
rows_leave(struct db_rows *whole)
{
	if (--whole->users > 0)
		return;
	PQclear(whole->res);
	free(whole);
}

void
rows_free(struct db_rows *rows)
{
	if (rows == NULL)
		return;
	if (rows->of == NULL) {
		rows_leave(rows);
		return;
	}
	rows_leave(rows->of);
	free(rows);
}

int
rows_count(const struct db_rows *rows)
{
	return rows != NULL ? rows->count : 0;
}

const char *
rows_tag(const struct db_rows *rows)
{
	return PQcmdStatus(rows->res);
}

static bool
same_name(const char *a, const char *b)
{
	return *a == *b && strcmp(a, b) == 0;
}

/* As PQfnumber, which copies each name it is asked for, to read capitals as PostgreSQL would. */
int
rows_col(const struct db_rows *rows, const char *name)
{
	int n = PQnfields(rows->res), col = 0;

	while (col < n && !same_name(PQfname(rows->res, col), name))
		col++;
	assert(col < n); /* a misspelt column: the first run of its test finds it */
	return col;
}

const char *
rows_at(const struct db_rows *rows, int row, int col)
{
	row += rows->first;
	return PQgetisnull(rows->res, row, col) ? NULL : PQgetvalue(rows->res, row, col);
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
