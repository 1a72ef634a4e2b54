/* patch - one notification read, unread, or put off until later; and what was put off. */
#include "auth.h"
#include "field.h"
#include "inbox.h"
#include "queries.h"

struct patch {
	enum field_bool read;
	const char *snooze_until;
};

static const struct field patch_fields[] = {
	BOOL(struct patch, read, NULLABLE),
	TIME(struct patch, snooze_until, NULLABLE),
	{ 0 },
};

static int
mark(struct req *rq, struct reply *rp, const char *id, const struct patch *in)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;

	st = db_write(rq->db, &q_notification_mark,
	    DB_ARGS(rq->user, rq->session, id, in->read == NO ? "false" : "true", "false"), &rows);
	if (inbox_changed(rq, rp, st, rows, "id") != 0)
		return rp->status;
	return notification_answer(rq, rp, rows, (struct inbox_more){ 0 });
}

static int
snooze(struct req *rq, struct reply *rp, const char *id, const struct patch *in)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;

	st = db_write(rq->db, &q_notification_snooze,
	    DB_ARGS(rq->user, rq->session, id, in->snooze_until, field_flag(in->read)), &rows);
	if (inbox_changed(rq, rp, st, rows, "id") != 0)
		return rp->status;
	if (!rows_bool(rows, 0, "fits"))
		return http_fail(rq, rp, 422,
		    "snooze_until must be in the future and at most a year ahead");
	return notification_answer(rq, rp, rows, (struct inbox_more){ .moment = "snooze_until" });
}

int
patch_notification(struct req *rq, struct reply *rp)
{
	struct patch in = { 0 };
	const char *id;

	if (field_read(rq, rp, patch_fields, &in) != 0 ||
	    (id = http_id(rq, rp, 0, INBOX_NOUN)) == NULL)
		return rp->status;
	if (in.snooze_until != NULL || field_null(rq, "snooze_until"))
		return snooze(rq, rp, id, &in);
	return mark(rq, rp, id, &in);
}

int
list_snoozed(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct inbox_more more = { .moment = "snooze_until" };
	struct page p;
	enum db_status st;

	rp->poll = INBOX_POLL;
	if (inbox_include(rq, rp, &more) != 0 || page_read(rq, rp, &p) != 0 ||
	    inbox_not_modified(rq, rp) != 0)
		return rp->status;
	page_rise(&p);
	st = db_read(rq->db, &q_inbox_snoozed, DB_ARGS(rq->user, rq->session, p.at, p.id, p.fetch),
	    &rows);
	return inbox_list(rq, rp, st, rows, &p, more);
}
