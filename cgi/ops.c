/*
 * ops - is it alive, is it ready, what has it done.
 *
 *   GET /livez    a worker answers
 *   GET /readyz   the database answers, and cron has run within three minutes; else 503.  Says
 *                 also why mail is held back, if it is
 *   GET /metrics  Prometheus text; nginx lets only the loopback address in
 *
 * SQL: sql/query/ops.sql.
 */
#include <inttypes.h>

#include "http.h"
#include "metric.h"
#include "queries.h"

#define NO_ARGS      ((struct db_args){ 0 })
#define CRON_SECONDS 180

static int
livez(struct req *rq, struct reply *rp)
{
	return http_object(rq, rp, 200, "alive", "true");
}

/* ---- GET /readyz ---- */

static int
not_ready(struct req *rq, struct reply *rp, const char *why)
{
	rp->retry_after = "5";
	return http_fail(rq, rp, 503, "%s", why);
}

static int
readyz(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *parked;
	struct out *o;

	if (db_read(rq->db, &q_ops_cron, NO_ARGS, &rows) != DB_OK)
		return not_ready(rq, rp, "Database is away");
	if (rows_text(rows, 0, "age") == NULL || rows_int(rows, 0, "age") >= CRON_SECONDS)
		return not_ready(rq, rp, "Cron has not run within 3 minutes");
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "ready");
	out_bool(o, true);
	out_key(o, "database");
	out_bool(o, true);
	out_key(o, "cron");
	out_bool(o, true);
	/* All but mail works: that is no reason to send users away. */
	if ((parked = rows_text(rows, 0, "parked")) != NULL) {
		out_key(o, "mail_parked");
		out_text(o, parked);
	}
	out_close(o, '}');
	return rp->status;
}

/* ---- GET /metrics ---- */

static void
gauge(struct out *o, const char *name, const char *help)
{
	metric_help(o, name, "gauge", help);
}

/* A gauge without labels. */
static void
one(struct out *o, const char *name, const char *help, int64_t value)
{
	gauge(o, name, help);
	metric_sample(o, name, "", value);
}

static void
print_cron(struct out *o, const struct db_rows *rows)
{
	if (rows_text(rows, 0, "age") != NULL)
		one(o, "cron_age_seconds", "Time since a cron job last ran.",
		    rows_int(rows, 0, "age"));
	one(o, "mail_parked", "Whether the provider's refusal keeps all mail back.",
	    rows_text(rows, 0, "parked") != NULL ? 1 : 0);
}

static void
print_deliveries(struct out *o, const struct db_rows *rows)
{
	gauge(o, "deliveries",
	    "Deliveries that wait, and those that failed within a day; 100000 at most.");
	metric_sample(o, "deliveries", "{status=\"pending\"}", rows_int(rows, 0, "pending"));
	metric_sample(o, "deliveries", "{status=\"failed\"}", rows_int(rows, 0, "failed"));
	one(o, "oldest_pending_delivery_seconds", "How long the oldest pending delivery waits.",
	    rows_int(rows, 0, "oldest"));
}

/* A gauge with one label, whose value and number stand in columns of these names. */
static void
many(struct out *o, const char *name, const struct db_rows *rows, const char *label,
    const char *value)
{
	for (int i = 0; i < rows_count(rows); i++)
		metric_sample(o, name,
		    arena_fmt(o->a, "{%s=\"%s\"}", label, rows_text(rows, i, label)),
		    rows_int(rows, i, value));
}

static void
print_jobs(struct out *o, const struct db_rows *rows)
{
	gauge(o, "cron_sound", "Whether the last run of each cron job that ended did so well.");
	many(o, "cron_sound", rows, "job", "sound");
}

static void
print_queues(struct out *o, const struct db_rows *rows)
{
	gauge(o, "queue_age_seconds", "How long what is longest due in each queue has been so.");
	many(o, "queue_age_seconds", rows, "queue", "age");
}

/* What needs the database is left out while it is away; the counters do not. */
static int
metrics(struct req *rq, struct reply *rp)
{
	static const struct {
		const struct db_stmt *st;
		void (*print)(struct out *o, const struct db_rows *rows);
	} blocks[] = { { &q_ops_cron, print_cron }, { &q_ops_jobs, print_jobs },
		{ &q_ops_queues, print_queues }, { &q_ops_deliveries, print_deliveries } };
	struct out *o = http_begin(rq, rp, 200);
	bool up = true;

	rp->type = "text/plain; version=0.0.4; charset=utf-8";
	metric_print(o);
	for (size_t i = 0; up && i < COUNT(blocks); i++) {
		SCOPED(rows_free) struct db_rows *rows = NULL;
		enum db_status st = db_read(rq->db, blocks[i].st, NO_ARGS, &rows);

		up = st == DB_OK || st == DB_NONE;
		if (st == DB_OK)
			blocks[i].print(o, rows);
	}
	one(o, "database_up", "Whether the database answers.", up ? 1 : 0);
	return rp->status;
}

const struct route routes[] = {
	{ "GET", "/livez", ANYONE, livez },
	{ "GET", "/readyz", ANYONE, readyz },
	{ "GET", "/metrics", ANYONE, metrics },
	{ NULL, NULL, 0, NULL },
};
