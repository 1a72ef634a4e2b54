#include "db_together.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int
together_gather(struct items *queue, struct item *first, int most)
{
	struct item **at = &queue->first, **behind = &first->with;
	int n = 1;

	while (*at != NULL && n < most) {
		struct item *it = *at;

		if (it->st != first->st || it->alone) {
			at = &it->next;
			continue;
		}
		*at = it->next;
		*behind = it;
		behind = &it->with;
		n++;
	}
	*behind = NULL;
	while (*at != NULL)
		at = &(*at)->next;
	queue->end = at;
	return n;
}

/* ---- its parameters ---- */

/* An element of an array as PostgreSQL reads it; quotes only where they may be needed. */
static char *
put_element(char *to, const char *v)
{
	if (v == NULL)
		return stpcpy(to, "NULL");
	if (*v != '\0' && v[strspn(v, "0123456789abcdef-")] == '\0')
		return stpcpy(to, v);
	*to++ = '"';
	for (; *v != '\0'; v++) {
		if (*v == '"' || *v == '\\')
			*to++ = '\\';
		*to++ = *v;
	}
	*to++ = '"';
	return to;
}

static char *
put_array(char *to, const struct item *first, size_t arg)
{
	*to++ = '{';
	for (const struct item *it = first; it != NULL; it = it->with) {
		to = put_element(to, it->args.v[arg]);
		*to++ = it->with != NULL ? ',' : '}';
	}
	*to++ = '\0';
	return to;
}

char *
together_args(const struct item *first, const char *arrays[TOGETHER_ARGS])
{
	size_t room = 0;
	char *text, *to;

	assert(first->args.n <= TOGETHER_ARGS);
	for (const struct item *it = first; it != NULL; it = it->with)
		for (size_t i = 0; i < it->args.n; i++)
			room += (it->args.v[i] != NULL ? 2 * strlen(it->args.v[i]) : 4) + 4;
	text = to = malloc(room + 2 * first->args.n);
	for (size_t i = 0; i < first->args.n; i++) {
		arrays[i] = to;
		to = put_array(to, first, i);
	}
	return text;
}

/* ---- its answer ---- */

/* The row of each: an index, or -1. */
static void
find_rows(const struct db_rows *rows, int row_of[LANE_BATCH_MAX])
{
	int count = rows_count(rows), nth = count > 0 ? rows_col(rows, "nth") : 0;

	memset(row_of, -1, LANE_BATCH_MAX * sizeof(*row_of));
	for (int i = 0; i < count; i++) {
		long n = strtol(rows_at(rows, i, nth), NULL, 10);

		assert(n >= 1 && n <= LANE_BATCH_MAX);
		row_of[n - 1] = i;
	}
}

void
together_split(struct item *first, struct items *into)
{
	struct db_rows *all;
	int row_of[LANE_BATCH_MAX], n = 0;

	if (!first->together) {
		items_push(into, first);
		return;
	}
	all = TAKE(first->rows);
	if (all != NULL)
		find_rows(all, row_of);
	for (struct item *it = first, *next; it != NULL; it = next) {
		next = TAKE(it->with);
		if (it != first)
			memcpy(it->why, first->why, sizeof(it->why));
		it->status = first->status;
		if (all != NULL) {
			it->rows = rows_part(all, row_of[n]);
			it->status = row_of[n++] >= 0 ? DB_OK : DB_NONE;
		}
		items_push(into, it);
	}
	rows_free(all);
}
