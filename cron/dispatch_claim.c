/*
 * dispatch_claim - from what is due to what goes in one call, frozen and committed.
 */
#include <assert.h>
#include <string.h>

#include "array.h"
#include "clock.h"
#include "dispatch.h"
#include "log.h"
#include "queries.h"

#define BATCH_BYTES (2 * 1024 * 1024) /* what a call's messages may have together, or be one */

/* The deliveries of one claim, from the next one on. */
struct claim {
	struct dispatch *d;
	const struct db_rows *rows;
	const char *lease;
	int at;
};

/* Those of a claim that are not to be sent, or not yet. */
struct ended {
	struct array users, ids, statuses, errors, untils;
};

/* ---- a claim's deliveries ---- */

static void
set_aside(struct ended *e, const struct claim *c, const char *status, const char *error,
    const char *until)
{
	array_add(&e->users, rows_text(c->rows, c->at, "user_id"));
	array_add(&e->ids, rows_text(c->rows, c->at, "id"));
	array_add(&e->statuses, status);
	array_add(&e->errors, error);
	array_add(&e->untils, until);
}

static void
skip(struct ended *e, const struct claim *c, const char *error)
{
	const char *request = rows_text(c->rows, c->at, "request_id");

	set_aside(e, c, "skipped", error, NULL);
	if (request != NULL)
		log_line(LOG_INFO, request, "delivery %s is not sent any more: %s",
		    rows_text(c->rows, c->at, "id"), error);
}

static void
fail(struct ended *e, const struct claim *c, const char *error, const char *why)
{
	set_aside(e, c, "failed", error, NULL);
	log_line(LOG_ERROR, rows_text(c->rows, c->at, "request_id"),
	    "delivery %s cannot be sent: %s", rows_text(c->rows, c->at, "id"), why);
}

/* Its receiver is left alone until rest: that is no try, but a day of it is enough. */
static void
put_off(struct ended *e, const struct claim *c, const char *rest)
{
	static const char late[] = "the receiver has not answered for 24 hours";

	if (strcmp(rest, "infinity") == 0)
		fail(e, c, late, late);
	else
		set_aside(e, c, "pending", "the receiver has not answered in time, or slowly",
		    rest);
}

/* The bytes of a delivery that has none yet; NULL when its payload is unfit. */
static const char *
render(const struct claim *c, const char *address)
{
	struct dispatch *d = c->d;
	struct letter l = { .id = rows_text(c->rows, c->at, "id"),
		.from = &d->from,
		.host = d->host,
		.to = address,
		.subject = rows_text(c->rows, c->at, "subject"),
		.text = rows_text(c->rows, c->at, "text"),
		.html = rows_text(c->rows, c->at, "html"),
		.payload = rows_text(c->rows, c->at, "payload"),
		.created = rows_int(c->rows, c->at, "created") };

	mail_headers_read(&d->work, rows_text(c->rows, c->at, "headers"), &l);
	return d->adapter->freeze(d->state, &d->work, &l);
}

/* The delivery at c->at as a part of the call, or in e.  Returns its bytes. */
static size_t
take(const struct claim *c, struct call *call, struct ended *e)
{
	const char *verdict = rows_text(c->rows, c->at, "verdict");
	const char *rest = rows_text(c->rows, c->at, "rest");
	struct call_item it = { .user = rows_text(c->rows, c->at, "user_id"),
		.id = rows_text(c->rows, c->at, "id"),
		.address = rows_text(c->rows, c->at, "address"),
		.body = rows_text(c->rows, c->at, "body"),
		.secret = rows_text(c->rows, c->at, "secret"),
		.replays = rows_text(c->rows, c->at, "replays"),
		.request = rows_text(c->rows, c->at, "request_id") };

	if (verdict != NULL) {
		skip(e, c, verdict);
		return 0;
	}
	if (rest != NULL) {
		put_off(e, c, rest);
		return 0;
	}
	if (it.body == NULL)
		it.body = render(c, it.address);
	if (it.body == NULL) {
		fail(e, c, "unfit", "its address or payload is unfit");
		return 0;
	}
	call->item[call->n++] = it;
	return strlen(it.body);
}

/* As many as go in one call. */
static void
gather(struct claim *c, struct call *call, struct ended *e)
{
	size_t bytes = 0;

	for (; c->at < rows_count(c->rows); c->at++) {
		bool solo = rows_bool(c->rows, c->at, "solo");

		if (call->n == c->d->adapter->most || bytes >= BATCH_BYTES || (solo && call->n > 0))
			return;
		bytes += take(c, call, e);
		if (solo && call->n > 0) {
			c->at++;
			return;
		}
	}
}

static bool
end_some(struct claim *c, struct ended *e)
{
	if (e->ids.n == 0)
		return true;
	return dispatch_settle(c->d, &q_dispatch_end,
	    DB_ARGS(c->lease, array_text(&e->users), array_text(&e->ids), array_text(&e->statuses),
		array_text(&e->errors), array_text(&e->untils)),
	    e->ids.n, SKIPPED);
}

/* Store the call before it is made.  b->id stays empty when one of it is not ours any more. */
static bool
freeze(struct claim *c, struct batch *b)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct dispatch *d = c->d;
	struct array users, ids, addresses, bodies;
	enum db_status rc;
	bool broke;

	array_init(&users, &d->work, 48 * b->call.n);
	array_init(&ids, &d->work, 48 * b->call.n);
	array_init(&addresses, &d->work, 48 * b->call.n);
	array_init(&bodies, &d->work, BATCH_BYTES / 8);
	for (size_t i = 0; i < b->call.n; i++) {
		array_add(&users, b->call.item[i].user);
		array_add(&ids, b->call.item[i].id);
		array_add(&addresses, b->call.item[i].address);
		array_add(&bodies, b->call.item[i].body);
	}
	b->until = clock_ms() + d->run->conf->lease_ms;
	rc = dispatch_insist(d, &q_dispatch_freeze,
	    DB_ARGS(c->lease, d->lease_ms, array_text(&users), array_text(&ids),
		array_text(&addresses), array_text(&bodies), d->adapter->name, d->adapter->channel,
		d->run->at),
	    &rows, &broke);
	if (rc == DB_NONE && broke) { /* that try has ended by now: this one had its rows locked */
		rows_free(TAKE(rows));
		rc = db_read(d->run->db, &q_dispatch_frozen, DB_ARGS(c->lease), &rows);
	}
	if (rc != DB_OK && rc != DB_NONE)
		return cron_failed(d->run);
	if (rc == DB_OK)
		snprintf(b->id, sizeof(b->id), "%s", rows_text(rows, 0, "id"));
	snprintf(b->lease, sizeof(b->lease), "%s", c->lease);
	return true;
}

static bool
next_call(struct claim *c)
{
	struct dispatch *d = c->d;
	struct batch b = { .is_new = true };
	struct ended e;

	arena_reset(&d->work);
	array_init(&e.users, &d->work, 64);
	array_init(&e.ids, &d->work, 64);
	array_init(&e.statuses, &d->work, 64);
	array_init(&e.errors, &d->work, 64);
	array_init(&e.untils, &d->work, 64);
	gather(c, &b.call, &e);
	if (!end_some(c, &e))
		return false;
	if (b.call.n == 0)
		return true;
	if (!freeze(c, &b))
		return false;
	if (b.id[0] != '\0')
		return dispatch_call(d, &b);
	d->tally[LOST] += (int64_t)b.call.n;
	return true;
}

/* What this run will not get to is due again at once, not when its lease has run out. */
static void
release(struct dispatch *d, const char *lease)
{
	enum db_status rc =
	    db_alone(d->run->db, &q_dispatch_release, DB_ARGS(lease, d->adapter->channel), NULL);

	if (rc != DB_OK && rc != DB_NONE)
		cron_failed(d->run);
}

bool
dispatch_claimed(struct dispatch *d, bool others, bool *more)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct claim c = { .d = d };
	enum db_status rc = db_alone(d->run->db, &q_dispatch_claim,
	    DB_ARGS(d->run->at, d->adapter->channel, d->adapter->name, d->lease_ms, d->may_mute,
		others ? "true" : "false"),
	    &rows);
	bool sound = true, again = others;

	if (rc != DB_OK && rc != DB_NONE)
		return cron_failed(d->run);
	*more = rc == DB_OK;
	c.rows = rows;
	d->stale = false;
	while (sound && c.at < rows_count(rows) && !d->stale && !dispatch_is_over(d)) {
		c.lease = rows_text(rows, c.at, "lease_token");
		sound = next_call(&c) && (!again || dispatch_retaken(d, &again));
	}
	if (c.at < rows_count(rows))
		release(d, rows_text(rows, c.at, "lease_token"));
	return sound;
}

/* ---- a batch of before ---- */

static const char *
copy(struct dispatch *d, const struct db_rows *rows, int row, const char *name)
{
	const char *s = rows_text(rows, row, name);

	return s != NULL ? arena_dup(&d->work, s) : NULL;
}

bool
dispatch_members(struct dispatch *d, struct batch *b, const char **verdict)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	if (db_read(d->run->db, &q_dispatch_members, DB_ARGS(b->id, d->run->at, d->may_mute),
		&rows) > DB_NONE)
		return cron_failed(d->run);
	b->call.n = (size_t)rows_count(rows);
	assert(b->call.n <= SEND_MOST);
	for (int i = 0; i < rows_count(rows); i++)
		b->call.item[i] = (struct call_item){
			.user = copy(d, rows, i, "user_id"),
			.id = copy(d, rows, i, "id"),
			.address = copy(d, rows, i, "address"),
			.body = copy(d, rows, i, "body"),
			.secret = copy(d, rows, i, "secret"),
			.replays = copy(d, rows, i, "replays"),
			.request = copy(d, rows, i, "request_id"),
		};
	*verdict = b->call.n == 1 ? copy(d, rows, 0, "verdict") : NULL;
	b->rest = b->call.n == 1 ? copy(d, rows, 0, "rest") : NULL;
	return true;
}
