/* ledger - what became of a notification, channel by channel. */
#include "auth.h"
#include "inbox.h"
#include "listing.h"
#include "page.h"
#include "queries.h"

static void
delivery_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "channel");
	row_text(o, rows, row, "status");
	row_text(o, rows, row, "reported");
	row_text(o, rows, row, "error");
	row_text(o, rows, row, "address");
	row_json(o, rows, row, "attempts");
	row_moment(o, rows, row, "created_at");
	row_moment(o, rows, row, "next_try_at");
	row_moment(o, rows, row, "decided_at");
	row_moment(o, rows, row, "reported_at");
	out_close(o, '}');
}

int
list_deliveries(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *id = http_id(rq, rp, 0, INBOX_NOUN);
	enum db_status st;
	struct out *o;
	int n;

	if (id == NULL)
		return rp->status;
	st = db_read(rq->db, &q_ledger_notification, DB_ARGS(rq->user, rq->session, id), &rows);
	if (st == DB_NONE)
		return auth_bad_token(rq, rp);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	if (rows_text(rows, 0, "notification_id") == NULL)
		return http_missing(rq, rp, INBOX_NOUN);
	n = rows_text(rows, 0, "id") != NULL ? rows_count(rows) : 0;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "deliveries");
	out_open(o, '[');
	for (int i = 0; i < n; i++)
		delivery_json(o, rows, i);
	page_close(o, rows, n, false, "cursor", "has_more");
	out_close(o, '}');
	return rp->status;
}
