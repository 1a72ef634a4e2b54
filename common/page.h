#ifndef PAGE_H
#define PAGE_H

#include "http.h"
#include "moment.h"

/*
 * page - keyset paging, newest first by (created_at, id) descending: the same for
 * every list (contract sections 5a and 8b).
 */
#define PAGE_DEFAULT  50
#define PAGE_MAX      200
/* Before every row: what is older than this is all there is. */
#define PAGE_FIRST_AT "infinity"
#define PAGE_FIRST_ID "ffffffff-ffff-ffff-ffff-ffffffffffff"

struct page {
	const char *at, *id; /* rows older than this pair; PAGE_FIRST_… at first */
	const char *fetch; /* rows to ask for: one more than limit, to see whether there are more */
	int limit;
};

extern const char *const page_params[]; /* cursor, limit: for the route's row */

/*
 * Read cursor and limit from the query string.  0, or the status already answered:
 * 400 `Invalid cursor`.  A cursor is <created_at>|<id> of the last row of the page
 * before; limit follows the table of section 5a.
 */
int page_read(struct req *rq, struct reply *rp, struct page *p);

/* For a list that rises, oldest first: its first page comes after the least pair. */
void page_rise(struct page *p);

/* A cursor's two parts, checked; false when text is malformed. */
bool page_cursor(struct arena *a, const char *text, size_t n, const char **at, const char **id);

/*
 * The pure part of limit: text may be NULL (absent).  A number is a decimal one (20, 20.5,
 * 2e1, white space around it); inf, nan and 0x10 are none.
 */
int page_limit(const char *text);

/*
 * How many rows to show of rows, and whether more follow.  One single row whose id is NULL
 * stands for an empty page: lists that carry a counter or a role have it.
 */
int page_shown(const struct page *p, const struct db_rows *rows, bool *more);

/*
 * Close a list: "]" of the rows, then the two keys cursor and more (their names differ
 * by face).  The cursor is that of row shown - 1, from columns created_at and id.
 */
void page_close(struct out *o, const struct db_rows *rows, int shown, bool more,
    const char *cursor_key, const char *more_key);

/* The same of a list that is in the order of another column than created_at. */
void page_close_by(struct out *o, const struct db_rows *rows, int shown, bool more,
    const char *column, const char *cursor_key, const char *more_key);

#endif
