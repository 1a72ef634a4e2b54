/* bin - what was deleted: listed, and taken out again. */
#include "inbox.h"
#include "queries.h"

int
list_bin(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct inbox_more more = { .moment = "deleted_at" };
	struct page p;
	enum db_status st;

	rp->poll = INBOX_POLL;
	if (inbox_include(rq, rp, &more) != 0 || page_read(rq, rp, &p) != 0 ||
	    inbox_not_modified(rq, rp) != 0)
		return rp->status;
	st = db_read(rq->db, &q_inbox_bin, DB_ARGS(rq->user, rq->session, p.at, p.id, p.fetch),
	    &rows);
	return inbox_list(rq, rp, st, rows, &p, more);
}

int
restore_notification(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *id = http_id(rq, rp, 0, INBOX_NOUN);
	enum db_status st;

	if (id == NULL)
		return rp->status;
	st = db_write(rq->db, &q_notification_restore, DB_ARGS(rq->user, rq->session, id), &rows);
	if (inbox_changed(rq, rp, st, rows, "id") != 0)
		return rp->status;
	return notification_answer(rq, rp, rows, (struct inbox_more){ 0 });
}
