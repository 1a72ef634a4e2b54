/* write - what changes rows: one statement each, the counter moved in it. */
#include <string.h>

#include "auth.h"
#include "field.h"
#include "inbox.h"
#include "notify.h"
#include "page.h"
#include "queries.h"

int
inbox_changed(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows,
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
	if (inbox_changed(rq, rp, st, rows, "id") != 0)
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
	if (inbox_changed(rq, rp, st, rows, "id") != 0)
		return rp->status;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "id");
	out_text(o, rows_text(rows, 0, "id"));
	out_close(o, '}');
	return rp->status;
}

/* ---- everything at once, and back ---- */

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

/* Mark, and say how many, inside of wrap when there is one; how to undo it is a header. */
static int
mark_all(struct req *rq, struct reply *rp, const char *type, const char *at, const char *id,
    const char *wrap)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st = db_alone(rq->db, &q_notification_mark_all,
	    DB_ARGS(rq->user, rq->session, type, at, id), &rows);
	struct out *o;

	if (inbox_changed(rq, rp, st, rows, "marked") != 0)
		return rp->status;
	if (rows_text(rows, 0, "undo") != NULL)
		rp->undo = arena_dup(rq->a, rows_text(rows, 0, "undo"));
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
	const char *at = PAGE_FIRST_AT, *id = PAGE_FIRST_ID;

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
	return mark_all(rq, rp, NULL, PAGE_FIRST_AT, PAGE_FIRST_ID, "data");
}

struct undo {
	const char *undo;
};

static const struct field undo_fields[] = {
	TEXT(struct undo, undo, REQUIRED, 0, ANY_LENGTH),
	{ 0 },
};

/* Whether it may be a version; what cannot is 0, which no call ever gives. */
static bool
is_version(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= 18 && s[n] == '\0';
}

int
undo_mark_all(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct undo in = { 0 };
	enum db_status st;
	struct out *o;

	if (field_read(rq, rp, undo_fields, &in) != 0)
		return rp->status;
	st = db_alone(rq->db, &q_notification_undo,
	    DB_ARGS(rq->user, rq->session, is_version(in.undo) ? in.undo : "0"), &rows);
	if (st == DB_OK && rows_bool(rows, 0, "signed_in") && rows_text(rows, 0, "given") == NULL)
		return http_fail(rq, rp, 404, "Nothing to undo");
	if (inbox_changed(rq, rp, st, rows, "unmarked") != 0)
		return rp->status;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "unmarked");
	out_int(o, rows_int(rows, 0, "unmarked"));
	out_close(o, '}');
	return rp->status;
}
