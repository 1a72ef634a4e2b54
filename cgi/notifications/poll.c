/* poll - counts, and what every poll of an inbox has: one statement each, one snapshot. */
#include "auth.h"
#include "inbox.h"
#include "queries.h"

/* It changes with every change of the inbox, and is no other user's. */
static const char *
etag(struct req *rq, const struct db_rows *rows)
{
	return arena_fmt(rq->a, "\"%s-%s\"", rq->user, rows_text(rows, 0, "version"));
}

int
inbox_read(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows)
{
	if (st == DB_NONE)
		return auth_bad_token(rq, rp);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	rp->etag = etag(rq, rows);
	return 0;
}

int
inbox_not_modified(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;

	if (rq->if_none_match == NULL)
		return 0;
	st = db_read_together(rq->db, &q_inbox_poll, DB_ARGS(rq->user, rq->session), &rows);
	if (inbox_read(rq, rp, st, rows) != 0)
		return rp->status;
	return http_tag_matches(rq->if_none_match, rp->etag) ? http_empty(rp, 304) : 0;
}

int
unread_count(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;
	struct out *o;

	rp->poll = INBOX_POLL;
	st = db_read_together(rq->db, &q_inbox_poll, DB_ARGS(rq->user, rq->session), &rows);
	if (inbox_read(rq, rp, st, rows) != 0)
		return rp->status;
	if (http_tag_matches(rq->if_none_match, rp->etag))
		return http_empty(rp, 304);
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "count");
	out_int(o, rows_int(rows, 0, "unread"));
	out_close(o, '}');
	return rp->status;
}

static void
count_json(struct out *o, const struct db_rows *rows, const char *name)
{
	out_key(o, name);
	out_int(o, rows_int(rows, 0, name));
}

int
list_counts(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;
	struct out *o;

	rp->poll = INBOX_POLL;
	if (inbox_not_modified(rq, rp) != 0)
		return rp->status;
	st = db_read_alone(rq->db, &q_inbox_counts, DB_ARGS(rq->user, rq->session), &rows);
	if (inbox_read(rq, rp, st, rows) != 0)
		return rp->status;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "counts");
	out_open(o, '{');
	count_json(o, rows, "unread");
	count_json(o, rows, "snoozed");
	count_json(o, rows, "bin");
	out_key(o, "types");
	out_open(o, '{');
	for (int i = 0; i < rows_count(rows) && rows_text(rows, i, "type") != NULL; i++) {
		out_key(o, rows_text(rows, i, "type"));
		out_int(o, rows_int(rows, i, "n"));
	}
	out_close(o, '}');
	out_close(o, '}');
	out_close(o, '}');
	return rp->status;
}
