/* read - polls and pages: one statement each, one snapshot. */
#include <string.h>

#include "auth.h"
#include "inbox.h"
#include "notify.h"
#include "page.h"
#include "queries.h"
#include "text.h"

#define POLL_V1    "30" /* seconds, contract section 5c */
#define POLL_API   "60"
#define LIST_BYTES (24 * 1024) /* a page of 50 with some body text */

/* ---- polling ---- */

/* It changes with every change of the inbox, and is no other user's. */
static const char *
inbox_etag(struct req *rq, const struct db_rows *rows)
{
	return arena_fmt(rq->a, "\"%s-%s\"", rq->user, rows_text(rows, 0, "version"));
}

/*
 * Read the counter row alone, as far as If-None-Match asks for it: 0 to go on; or the
 * status answered, 304 among them.
 */
static int
not_modified(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;

	if (rq->if_none_match == NULL)
		return 0;
	st = db_read_together(rq->db, &q_inbox_poll, DB_ARGS(rq->user, rq->session), &rows);
	if (st == DB_NONE)
		return auth_bad_token(rq, rp);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	rp->etag = inbox_etag(rq, rows);
	return http_tag_matches(rq->if_none_match, rp->etag) ? http_empty(rp, 304) : 0;
}

int
unread_count(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;
	struct out *o;

	rp->poll = POLL_V1;
	st = db_read_together(rq->db, &q_inbox_poll, DB_ARGS(rq->user, rq->session), &rows);
	if (st == DB_NONE)
		return auth_bad_token(rq, rp);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	rp->etag = inbox_etag(rq, rows);
	if (http_tag_matches(rq->if_none_match, rp->etag))
		return http_empty(rp, 304);
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "count");
	out_int(o, rows_int(rows, 0, "unread"));
	out_close(o, '}');
	return rp->status;
}

/* ---- lists ---- */

enum read_state { ALL = 0, UNREAD, READ };

struct filter {
	enum read_state state;
	const char *type; /* NULL: any */
};

/* A query parameter's value, a NUL in it shown as "?". */
static const char *
query_text(struct req *rq, const char *name)
{
	size_t n;
	const char *v = text_query(rq->a, rq->query, name, &n);

	return v != NULL ? text_clean(rq->a, v, n) : NULL;
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
	return 0;
}

static enum db_status
select_page(struct req *rq, const struct filter *f, const struct page *p, struct db_rows **rows)
{
	static const struct db_stmt *const by_state[] = { [ALL] = &q_inbox_page,
		[UNREAD] = &q_inbox_page_unread,
		[READ] = &q_inbox_page_read };
	static const char *const is_read[] = { [ALL] = NULL, [UNREAD] = "false", [READ] = "true" };

	if (f->type != NULL)
		return db_read(rq->db, &q_inbox_page_type,
		    DB_ARGS(rq->user, rq->session, p->at, p->id, p->fetch, f->type,
			is_read[f->state]),
		    rows);
	return db_read(rq->db, by_state[f->state],
	    DB_ARGS(rq->user, rq->session, p->at, p->id, p->fetch), rows);
}

int
list_notifications(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct filter f;
	struct page p;
	enum db_status st;
	struct inbox_cols c;
	bool more;
	int shown;

	rp->poll = POLL_V1;
	if (filter_read(rq, rp, &f) != 0 || page_read(rq, rp, &p) != 0 || not_modified(rq, rp) != 0)
		return rp->status;
	st = select_page(rq, &f, &p, &rows);
	if (st == DB_NONE)
		return auth_bad_token(rq, rp);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	rp->etag = inbox_etag(rq, rows);
	rp->status = 200;
	out_init(&rp->body, rq->a, LIST_BYTES);
	shown = page_shown(&p, rows, &more);
	c = inbox_cols(rows);
	out_open(&rp->body, '{');
	out_key(&rp->body, "notifications");
	out_open(&rp->body, '[');
	for (int i = 0; i < shown; i++)
		notification_json(&rp->body, rows, i, &c);
	page_close(&rp->body, rows, shown, more, "cursor", "has_more");
	out_close(&rp->body, '}');
	return rp->status;
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
	if (page_read(rq, rp, &p) != 0 || not_modified(rq, rp) != 0)
		return rp->status;
	st = db_read(rq->db, &q_bell_page, DB_ARGS(rq->user, rq->session, p.at, p.id, p.fetch),
	    &rows);
	if (st == DB_NONE)
		return auth_bad_token(rq, rp);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	rp->etag = inbox_etag(rq, rows);
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
