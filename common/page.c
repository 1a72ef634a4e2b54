#include "page.h"

#include <assert.h>

#include "text.h"

#define CURSOR_LEN (MOMENT_LEN + 1 + UUID_LEN)

/* Less than every row: a list that rises begins behind it. */
#define LEAST_AT   "-infinity"
#define LEAST_ID   "00000000-0000-0000-0000-000000000000"

const char *const page_params[] = { "cursor", "limit", NULL };

bool
page_cursor(struct arena *a, const char *text, size_t n, const char **at, const char **id)
{
	char uuid[UUID_LEN + 1];

	if (n != CURSOR_LEN || text[MOMENT_LEN] != '|' || !moment_is_exact(text, MOMENT_LEN) ||
	    !text_uuid(text + MOMENT_LEN + 1, UUID_LEN, uuid))
		return false;
	*at = arena_ndup(a, text, MOMENT_LEN);
	*id = arena_dup(a, uuid);
	return true;
}

static const char *
skip_digits(const char *s)
{
	return s + strspn(s, "0123456789");
}

static const char *
skip_sign(const char *s)
{
	return s + (*s == '+' || *s == '-');
}

/*
 * A decimal number as people and programs write one: 20, +20, 20.5, 2e1, with white space
 * around it.  Not what strtod() takes besides: inf, nan, 0x10.
 */
static bool
is_decimal(const char *s)
{
	const char *whole, *end;
	bool has_digits;

	s += strspn(s, " \t");
	whole = skip_sign(s);
	end = skip_digits(whole);
	has_digits = end > whole;
	if (*end == '.') {
		s = end + 1;
		end = skip_digits(s);
		has_digits = has_digits || end > s;
	}
	if (has_digits && (*end == 'e' || *end == 'E')) {
		s = skip_sign(end + 1);
		end = skip_digits(s);
		has_digits = end > s;
	}
	return has_digits && end[strspn(end, " \t")] == '\0';
}

int
page_limit(const char *text)
{
	double n;

	if (text == NULL || !is_decimal(text))
		return PAGE_DEFAULT;
	n = strtod(text, NULL); /* may be infinite */
	if (n > PAGE_MAX)
		return PAGE_MAX;
	if (n <= -1)
		return 1;
	return (int)n != 0 ? (int)n : PAGE_DEFAULT;
}

int
page_read(struct req *rq, struct reply *rp, struct page *p)
{
	size_t n;
	const char *limit = text_query(rq->a, rq->query, "limit", &n);
	const char *cursor;

	p->limit = page_limit(limit != NULL && strlen(limit) == n ? limit : NULL);
	p->fetch = arena_fmt(rq->a, "%d", p->limit + 1);
	p->at = PAGE_FIRST_AT;
	p->id = PAGE_FIRST_ID;
	cursor = text_query(rq->a, rq->query, "cursor", &n);
	if (cursor != NULL && !page_cursor(rq->a, cursor, n, &p->at, &p->id))
		return http_fail(rq, rp, 400, "Invalid cursor");
	return 0;
}

void
page_rise(struct page *p)
{
	if (strcmp(p->at, PAGE_FIRST_AT) != 0)
		return;
	p->at = LEAST_AT;
	p->id = LEAST_ID;
}

int
page_shown(const struct page *p, const struct db_rows *rows, bool *more)
{
	int n = rows_count(rows);

	*more = n > p->limit;
	if (*more)
		return p->limit;
	return n == 1 && rows_text(rows, 0, "id") == NULL ? 0 : n;
}

void
page_close(struct out *o, const struct db_rows *rows, int shown, bool more, const char *cursor_key,
    const char *more_key)
{
	page_close_by(o, rows, shown, more, "created_at", cursor_key, more_key);
}

void
page_close_by(struct out *o, const struct db_rows *rows, int shown, bool more, const char *column,
    const char *cursor_key, const char *more_key)
{
	char cursor[CURSOR_LEN + 1];

	assert(!more || shown > 0);
	out_close(o, ']');
	out_key(o, cursor_key);
	if (more) {
		moment_from_pg(rows_text(rows, shown - 1, column), cursor);
		snprintf(cursor + MOMENT_LEN, sizeof(cursor) - MOMENT_LEN, "|%s",
		    rows_text(rows, shown - 1, "id"));
	}
	out_text(o, more ? cursor : NULL);
	out_key(o, more_key);
	out_bool(o, more);
}
