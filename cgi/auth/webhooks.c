/*
 * webhooks - the address of a user's own that notifications go to (common/webhook.h).
 *
 * A user has at most one: a notification has one delivery on each channel.  The secret that signs is
 * in the answer that makes it, and never again.  SQL: sql/query/webhooks.sql.
 */
#include "webhooks.h"

#include "field.h"
#include "hook.h"
#include "listing.h"
#include "page.h"
#include "queries.h"
#include "webhook.h"

#define NOUN       "Webhook"
#define NAME_CHARS 200

static void
webhook_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "name");
	row_text(o, rows, row, "url");
	row_moment(o, rows, row, "gone_at");
	out_key(o, "last_delivery");
	if (rows_text(rows, row, "last_status") == NULL)
		out_text(o, NULL);
	else {
		out_open(o, '{');
		out_key(o, "type");
		out_text(o, rows_text(rows, row, "last_kind"));
		out_key(o, "status");
		out_text(o, rows_text(rows, row, "last_status"));
		out_key(o, "error");
		out_text(o, rows_text(rows, row, "last_error"));
		out_key(o, "attempts");
		out_int(o, rows_int(rows, row, "last_attempts"));
		out_key(o, "at");
		out_moment(o, rows_text(rows, row, "last_at"));
		out_close(o, '}');
	}
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

int
list_webhooks(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st = db_read(rq->db, &q_webhook_list, DB_ARGS(rq->user), &rows);
	struct out *o;

	if (st != DB_OK && st != DB_NONE)
		return http_db(rq, rp, st);
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "webhooks");
	out_open(o, '[');
	for (int i = 0; i < rows_count(rows); i++)
		webhook_json(o, rows, i);
	page_close(o, rows, rows_count(rows), false, "cursor", "has_more");
	out_close(o, '}');
	return rp->status;
}

struct given {
	const char *name, *url;
};

static const struct field given_fields[] = {
	TEXT(struct given, name, NULLABLE, 0, NAME_CHARS),
	TEXT(struct given, url, REQUIRED, 1, WEBHOOK_URL_MAX),
	{ 0 },
};

int
add_webhook(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct given in = { 0 };
	const char *why, *secret;
	enum db_status st;
	struct out *o;

	if (field_read(rq, rp, given_fields, &in) != 0)
		return rp->status;
	if ((why = webhook_unfit(rq->a, in.url, rq->conf->webhook_local)) != NULL)
		return http_fail(rq, rp, 422, "%s", why);
	secret = hook_secret(rq->a);
	st = db_alone(rq->db, &q_webhook_add,
	    DB_ARGS(rq->user, in.name != NULL ? in.name : "", in.url, secret), &rows);
	if (st == DB_NONE)
		return http_fail(rq, rp, 409, "You have a webhook: delete it first");
	if (st != DB_OK)
		return http_db(rq, rp, st);
	o = http_begin(rq, rp, 201);
	out_open(o, '{');
	out_key(o, "webhook");
	webhook_json(o, rows, 0);
	out_key(o, "secret");
	out_text(o, secret);
	out_close(o, '}');
	return rp->status;
}

/* 0 when the statement found the caller's webhook, else the status answered. */
static int
found(struct req *rq, struct reply *rp, enum db_status st)
{
	if (st == DB_NONE)
		return http_missing(rq, rp, NOUN);
	return st == DB_OK ? 0 : http_db(rq, rp, st);
}

int
remove_webhook(struct req *rq, struct reply *rp)
{
	const char *id = http_id(rq, rp, 0, NOUN);

	if (id == NULL ||
	    found(rq, rp, db_write(rq->db, &q_webhook_remove, DB_ARGS(rq->user, id), NULL)) != 0)
		return rp->status;
	return http_gone(rq, rp, id);
}

/* It goes the way of every delivery, so cron sends it; what became of it is in the list. */
int
test_webhook(struct req *rq, struct reply *rp)
{
	static const struct notice test = { .type = "webhook.test",
		.title = "Your webhook works",
		.body = "You asked for this message on the preferences page.",
		.link = "/dashboard/preferences" };
	const char *id = http_id(rq, rp, 0, NOUN);

	if (id == NULL ||
	    found(rq, rp,
		db_write(rq->db, &q_webhook_test,
		    DB_ARGS(rq->user, id, webhook_body(rq->a, rq->conf->base_url, &test, NULL),
			rq->id),
		    NULL)) != 0)
		return rp->status;
	return http_object(rq, rp, 202, "queued", "true");
}
