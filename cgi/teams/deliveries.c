/*
 * teams: what could not be delivered, for those who manage the team.
 *
 * A delivery is replayed as if it was never tried.  That could tell its user twice when nobody
 * knows whether the first time worked: then the caller has to say that it may.
 */
#include <string.h>

#include "cgi/teams/teams.h"
#include "field.h"
#include "page.h"
#include "queries.h"
#include "text.h"
#include "webhook.h"

static void
delivery_json(struct out *o, const struct db_rows *rows, int row)
{
	const char *address = rows_text(rows, row, "address");

	/* a webhook's address is its owner's secret, but not who runs it */
	if (address != NULL && strcmp(rows_text(rows, row, "channel"), "webhook") == 0)
		address = webhook_host(o->a, address);
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "channel");
	out_key(o, "type");
	out_text(o, rows_text(rows, row, "kind"));
	row_named(o, rows, row, "user");
	out_key(o, "title");
	out_text(o, rows_text(rows, row, "notification_name"));
	out_key(o, "address");
	out_text(o, address);
	row_text(o, rows, row, "status");
	row_text(o, rows, row, "reported");
	row_text(o, rows, row, "error");
	row_json(o, rows, row, "attempts");
	row_json(o, rows, row, "replays");
	row_moment(o, rows, row, "created_at");
	row_moment(o, rows, row, "decided_at");
	out_close(o, '}');
}

/* What an audit row says of it: no title and no address, which are its user's. */
static void
change_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "status");
	row_text(o, rows, row, "error");
	row_json(o, rows, row, "attempts");
	out_close(o, '}');
}

int
list_failed(struct req *rq, struct reply *rp)
{
	static const struct listing deliveries = { &q_ledger_failed_page, "Team", "deliveries",
		delivery_json, .right = RIGHT_MANAGE };
	size_t n;
	const char *status = text_query(rq->a, rq->query, "status", &n);

	if (rq->strict && status != NULL && strcmp(status, "failed") != 0)
		return http_fail(rq, rp, 400, "Unknown value: %s", text_clean(rq->a, status, n));
	return listing_page(rq, rp, &deliveries);
}

/* ---- POST …/deliveries/{id}/replay ---- */

struct replay {
	struct change c;
	enum field_bool may_repeat;
	const char *delivery; /* in the path */
	const char *object;
};

static const struct field replay_fields[] = {
	BOOL(struct replay, may_repeat, NULLABLE),
	{ 0 },
};

/* Why it could tell its user twice; NULL when it could not: what has bounced told nobody. */
static const char *
doubt(const struct db_rows *rows)
{
	const char *reported = rows_text(rows, 0, "reported");

	if (reported != NULL)
		return strcmp(reported, "bounced") == 0
		    ? NULL
		    : "It has arrived after all: say may_repeat to send it once more";
	return rows_bool(rows, 0, "is_unknown")
	    ? "It may have arrived: say may_repeat to send it again all the same"
	    : NULL;
}

static enum db_status
replay_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *old = NULL, *new = NULL;
	struct replay *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	const char *why;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_team_enter, RIGHT_MANAGE, NULL)) != DB_OK)
		return st;
	st = db_exec(tx, &q_ledger_find, DB_ARGS(c->id, rq->user, w->delivery), &old);
	if (st == DB_NONE)
		return change_refuse(c, 404, "Delivery not found");
	if (st != DB_OK)
		return st;
	if (strcmp(rows_text(old, 0, "status"), "failed") != 0)
		return change_refuse(c, 409, "It is replayed already");
	if (w->may_repeat != YES && (why = doubt(old)) != NULL)
		return change_refuse(c, 422, why);
	st = db_exec(tx, &q_ledger_replay,
	    DB_ARGS(c->id, rq->user, rows_text(old, 0, "user_id"), w->delivery), &new);
	if (st != DB_OK)
		return st;
	if (strcmp(rows_text(new, 0, "channel"), "webhook") == 0)
		db_later(tx, &q_webhook_ask, DB_ARGS(rows_text(old, 0, "user_id")));
	c->before = row_object(rq->a, old, 0, change_json);
	c->after = row_object(rq->a, new, 0, change_json);
	w->object = row_object(rq->a, new, 0, delivery_json);
	return change_audit(tx, c, "delivery.replayed", "delivery", w->delivery);
}

int
replay_delivery(struct req *rq, struct reply *rp)
{
	struct replay w = { 0 };

	if (field_read(rq, rp, replay_fields, &w) != 0 ||
	    change_begin(&w.c, rq, rp, "Delivery") != 0 ||
	    (w.delivery = http_id(rq, rp, 1, "Delivery")) == NULL ||
	    change_failed(rq, rp, db_tx(rq->db, replay_body, &w), &w.c) != 0)
		return rp->status;
	return http_object(rq, rp, 200, "delivery", w.object);
}

/* ---- DELETE …/members/{user}/suppression ---- */

struct lift {
	struct change c;
	const char *user; /* in the path */
};

static void
suppression_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "reason");
	row_moment(o, rows, row, "since");
	out_close(o, '}');
}

static enum db_status
lift_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *gone = NULL;
	struct lift *w = ctx;
	struct change *c = &w->c;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_team_enter, RIGHT_MANAGE, NULL)) != DB_OK)
		return st;
	st = db_exec(tx, &q_ledger_lift, DB_ARGS(c->id, c->rq->user, w->user), &gone);
	if (st == DB_NONE)
		return change_refuse(c, 404, "Member not found");
	if (st != DB_OK)
		return st;
	c->before = row_object(c->rq->a, gone, 0, suppression_json);
	return change_audit(tx, c, "member.mail_resumed", "member", w->user);
}

int
lift_suppression(struct req *rq, struct reply *rp)
{
	struct lift w = { 0 };

	if (change_begin(&w.c, rq, rp, "Member") != 0 ||
	    (w.user = http_id(rq, rp, 1, "Member")) == NULL)
		return rp->status;
	return change_gone(rq, rp, db_tx(rq->db, lift_body, &w), &w.c, w.user);
}
