/* read - the lists: one statement each, one snapshot. */
#include <ctype.h>
#include <string.h>

#include "inbox.h"
#include "notify.h"
#include "queries.h"
#include "text.h"

#define POLL_API   "60"        /* seconds, contract section 5c */
#define LIST_BYTES (24 * 1024) /* a page of 50 with some body text */
#define SEARCH_MAX 200         /* characters */

enum read_state { ALL = 0, UNREAD, READ };

struct filter {
	enum read_state state;
	const char *type;  /* NULL: any */
	const char *words; /* NULL: no search */
};

/* A query parameter's value, a NUL in it shown as "?". */
static const char *
query_text(struct req *rq, const char *name)
{
	size_t n;
	const char *v = text_query(rq->a, rq->query, name, &n);

	return v != NULL ? text_clean(rq->a, v, n) : NULL;
}

/* What to search for; what has no word in it is no search.  0, or the status answered. */
static int
search_read(struct req *rq, struct reply *rp, struct filter *f)
{
	size_t n;
	const char *q = text_query(rq->a, rq->query, "q", &n);

	if (q == NULL)
		return 0;
	if (!text_is_utf8(q, n) || text_length(q) > SEARCH_MAX)
		return http_fail(rq, rp, 400, "Invalid q");
	while (isspace((unsigned char)*q))
		q++;
	f->words = *q != '\0' ? q : NULL;
	return 0;
}

/* Unknown values are ignored, unless handling is strict.  0, or the status answered. */
static int
filter_read(struct req *rq, struct reply *rp, struct filter *f)
{
	static const char *const states[] = { [ALL] = "all", [UNREAD] = "unread", [READ] = "read" };
	const char *state = query_text(rq, "read_state"), *type = query_text(rq, "type");
	size_t i = 0;

	*f = (struct filter){ 0 };
	while (state != NULL && i < COUNT(states) && strcmp(states[i], state) != 0)
		i++;
	if (i < COUNT(states))
		f->state = (enum read_state)i;
	else if (rq->strict)
		return http_fail(rq, rp, 400, "Unknown value: %s", state);
	if (type != NULL && notice_find(type) != NULL)
		f->type = type;
	else if (type != NULL && rq->strict)
		return http_fail(rq, rp, 400, "Unknown value: %s", type);
	return search_read(rq, rp, f);
}

static enum db_status
select_page(struct req *rq, const struct filter *f, const struct page *p, struct db_rows **rows)
{
	static const struct db_stmt *const by_state[] = { [ALL] = &q_inbox_page,
		[UNREAD] = &q_inbox_page_unread,
		[READ] = &q_inbox_page_read };
	static const char *const is_read[] = { [ALL] = NULL, [UNREAD] = "false", [READ] = "true" };

	if (f->words != NULL)
		return db_read_alone(rq->db, &q_inbox_search,
		    DB_ARGS(rq->user, rq->session, p->at, p->id, p->fetch, f->type,
			is_read[f->state], f->words),
		    rows);
	if (f->type != NULL)
		return db_read(rq->db, &q_inbox_page_type,
		    DB_ARGS(rq->user, rq->session, p->at, p->id, p->fetch, f->type,
			is_read[f->state]),
		    rows);
	return db_read(rq->db, by_state[f->state],
	    DB_ARGS(rq->user, rq->session, p->at, p->id, p->fetch), rows);
}

int
inbox_include(struct req *rq, struct reply *rp, struct inbox_more *more)
{
	const char *include = query_text(rq, "include");

	more->reason = include != NULL && strcmp(include, "reason") == 0;
	if (include != NULL && !more->reason && rq->strict)
		return http_fail(rq, rp, 400, "Unknown value: %s", include);
	return 0;
}

int
inbox_list(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows,
    const struct page *p, struct inbox_more more)
{
	struct out *o = &rp->body;
	struct inbox_cols c;
	bool has_more;
	int shown;

	if (inbox_read(rq, rp, st, rows) != 0)
		return rp->status;
	shown = page_shown(p, rows, &has_more);
	c = inbox_cols(rq, rows, more);
	rp->status = 200;
	out_init(o, rq->a, LIST_BYTES);
	out_open(o, '{');
	out_key(o, "notifications");
	out_open(o, '[');
	for (int i = 0; i < shown; i++)
		notification_json(o, rows, i, &c);
	page_close_by(o, rows, shown, has_more, more.moment != NULL ? more.moment : "created_at",
	    "cursor", "has_more");
	out_close(o, '}');
	return rp->status;
}

int
list_notifications(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct inbox_more more = { 0 };
	struct filter f;
	struct page p;
	enum db_status st;

	rp->poll = INBOX_POLL;
	if (filter_read(rq, rp, &f) != 0 || inbox_include(rq, rp, &more) != 0 ||
	    page_read(rq, rp, &p) != 0 || inbox_not_modified(rq, rp) != 0)
		return rp->status;
	st = select_page(rq, &f, &p, &rows);
	return inbox_list(rq, rp, st, rows, &p, more);
}

int
list_bell(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct page p;
	enum db_status st;
	bool more;
	int shown;

	rp->poll = POLL_API;
	if (page_read(rq, rp, &p) != 0 || inbox_not_modified(rq, rp) != 0)
		return rp->status;
	st = db_read(rq->db, &q_bell_page, DB_ARGS(rq->user, rq->session, p.at, p.id, p.fetch),
	    &rows);
	if (inbox_read(rq, rp, st, rows) != 0)
		return rp->status;
	rp->status = 200;
	out_init(&rp->body, rq->a, LIST_BYTES);
	shown = page_shown(&p, rows, &more);
	out_open(&rp->body, '{');
	out_key(&rp->body, "data");
	out_open(&rp->body, '[');
	for (int i = 0; i < shown; i++)
		bell_json(&rp->body, rows, i);
	page_close(&rp->body, rows, shown, more, "nextCursor", "hasMore");
	out_key(&rp->body, "unreadCount");
	out_int(&rp->body, rows_int(rows, 0, "unread"));
	out_close(&rp->body, '}');
	return rp->status;
}
