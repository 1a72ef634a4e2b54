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
	struct out *o = http_begin(rq, rp, 200);

	out_open(o, '{');
	out_key(o, "alive");
	out_bool(o, true);
	out_close(o, '}');
	return rp->status;
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
	const char *text =
	    arena_fmt(o->a, "# HELP carillon_%s %s\n# TYPE carillon_%s gauge\n", name, help, name);

	out_raw(o, text, strlen(text));
}

static void
sample(struct out *o, const char *name, const char *labels, int64_t v)
{
	const char *text = arena_fmt(o->a, "carillon_%s%s %" PRId64 "\n", name, labels, v);

	out_raw(o, text, strlen(text));
}

static void
print_deliveries(struct out *o, const struct db_rows *rows)
{
	gauge(o, "deliveries",
	    "Deliveries that wait, and those that failed within a day; 100000 at most.");
	sample(o, "deliveries", "{status=\"pending\"}", rows_int(rows, 0, "pending"));
	sample(o, "deliveries", "{status=\"failed\"}", rows_int(rows, 0, "failed"));
	gauge(o, "oldest_pending_delivery_seconds", "How long the oldest pending delivery waits.");
	sample(o, "oldest_pending_delivery_seconds", "", rows_int(rows, 0, "oldest"));
}

/* What needs the database is left out while it is away; the counters do not. */
static int
metrics(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *cron = NULL, *deliveries = NULL;
	struct out *o = http_begin(rq, rp, 200);
	bool up = db_read(rq->db, &q_ops_cron, NO_ARGS, &cron) == DB_OK;

	rp->type = "text/plain; version=0.0.4; charset=utf-8";
	metric_print(o);
	gauge(o, "database_up", "Whether the database answers.");
	sample(o, "database_up", "", up ? 1 : 0);
	if (up && rows_text(cron, 0, "age") != NULL) {
		gauge(o, "cron_age_seconds", "Time since a cron job last ran.");
		sample(o, "cron_age_seconds", "", rows_int(cron, 0, "age"));
	}
	if (up) {
		gauge(o, "mail_parked", "Whether the provider's refusal keeps all mail back.");
		sample(o, "mail_parked", "", rows_text(cron, 0, "parked") != NULL ? 1 : 0);
	}
	if (up && db_read(rq->db, &q_ops_deliveries, NO_ARGS, &deliveries) == DB_OK)
		print_deliveries(o, deliveries);
	return rp->status;
}

const struct route routes[] = {
	{ "GET", "/livez", ANYONE, livez },
	{ "GET", "/readyz", ANYONE, readyz },
	{ "GET", "/metrics", ANYONE, metrics },
	{ NULL, NULL, 0, NULL },
};
