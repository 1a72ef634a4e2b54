/* write - what changes rows: one statement each, the counter moved in it. */
#include <string.h>

#include "auth.h"
#include "field.h"
#include "inbox.h"
#include "notify.h"
#include "page.h"
#include "queries.h"

/* 0 when the statement reached a row of the caller's; else the status answered. */
static int
changed(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows,
    const char *found)
{
	if (st != DB_OK)
		return http_db(rq, rp, st);
	if (!rows_bool(rows, 0, "signed_in"))
		return auth_bad_token(rq, rp);
	if (rows_text(rows, 0, found) == NULL)
		return http_missing(rq, rp, INBOX_NOUN);
	rp->unread = arena_dup(rq->a, rows_text(rows, 0, "unread"));
	return 0;
}

struct patch {
	enum field_bool read;
};

static const struct field patch_fields[] = {
	BOOL(struct patch, read, NULLABLE),
	{ 0 },
};

int
patch_notification(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct patch in = { .read = YES };
	struct inbox_cols c;
	enum db_status st;
	const char *id;
	struct out *o;

	if (field_read(rq, rp, patch_fields, &in) != 0 ||
	    (id = http_id(rq, rp, 0, INBOX_NOUN)) == NULL)
		return rp->status;
	st = db_write(rq->db, &q_notification_mark,
	    DB_ARGS(rq->user, rq->session, id, field_flag(in.read), "false"), &rows);
	if (changed(rq, rp, st, rows, "id") != 0)
		return rp->status;
	o = http_begin(rq, rp, 200);
	c = inbox_cols(rows);
	out_open(o, '{');
	out_key(o, "notification");
	notification_json(o, rows, 0, &c);
	out_close(o, '}');
	return rp->status;
}

int
read_notification(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *id = http_id(rq, rp, 0, INBOX_NOUN);
	enum db_status st;
	struct out *o;

	if (id == NULL)
		return rp->status;
	st = db_write(rq->db, &q_notification_mark,
	    DB_ARGS(rq->user, rq->session, id, "true", "true"), &rows);
	if (changed(rq, rp, st, rows, "id") != 0)
		return rp->status;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "data");
	bell_json(o, rows, 0);
	out_close(o, '}');
	return rp->status;
}

int
delete_notification(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *id = http_id(rq, rp, 0, INBOX_NOUN);
	enum db_status st;
	struct out *o;

	if (id == NULL)
		return rp->status;
	st = db_write(rq->db, &q_notification_delete, DB_ARGS(rq->user, rq->session, id), &rows);
	if (changed(rq, rp, st, rows, "id") != 0)
		return rp->status;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "id");
	out_text(o, rows_text(rows, 0, "id"));
	out_close(o, '}');
	return rp->status;
}

/* A type or cursor that is too long is unknown or malformed, like any other wrong one. */
#define ANY_LENGTH 65536

struct mark_all {
	const char *type, *up_to;
};

static const struct field mark_all_fields[] = {
	TEXT(struct mark_all, type, NULLABLE, 0, ANY_LENGTH),
	TEXT(struct mark_all, up_to, NULLABLE, 0, ANY_LENGTH),
	{ 0 },
};

/* Mark, and say how many under key, inside of wrap when there is one. */
static int
mark_all(struct req *rq, struct reply *rp, const char *type, const char *at, const char *id,
    const char *wrap)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st = db_alone(rq->db, &q_notification_mark_all,
	    DB_ARGS(rq->user, rq->session, type, at, id), &rows);
	struct out *o;

	if (changed(rq, rp, st, rows, "marked") != 0)
		return rp->status;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	if (wrap != NULL) {
		out_key(o, wrap);
		out_open(o, '{');
	}
	out_key(o, "marked");
	out_int(o, rows_int(rows, 0, "marked"));
	if (wrap != NULL)
		out_close(o, '}');
	out_close(o, '}');
	return rp->status;
}

int
mark_all_read(struct req *rq, struct reply *rp)
{
	struct mark_all in = { 0 };
	const char *at = "infinity", *id = INBOX_LAST_ID;

	if (field_read(rq, rp, mark_all_fields, &in) != 0)
		return rp->status;
	if (in.up_to != NULL && !page_cursor(rq->a, in.up_to, strlen(in.up_to), &at, &id))
		return http_fail(rq, rp, 400, "Invalid cursor");
	if (in.type != NULL && notice_find(in.type) == NULL) {
		if (rq->strict)
			return http_fail(rq, rp, 400, "Unknown value: %s", in.type);
		in.type = NULL;
	}
	return mark_all(rq, rp, in.type, at, id, NULL);
}

int
read_all(struct req *rq, struct reply *rp)
{
	return mark_all(rq, rp, NULL, "infinity", INBOX_LAST_ID, "data");
}
