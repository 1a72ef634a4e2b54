/*
 * dispatch - send the mail that is due, and what goes to other channels than the bell.
 *
 * Claim what is due (cron/dispatch_claim.c), store who goes in one call and with which bytes, make
 * the call outside of any transaction, and record what became of it only while its lease is still
 * ours (cron/dispatch_call.c).  So two runs at once never work on the same delivery, and what a
 * crash left behind is due again when its lease has run out: the same bytes, under the same key.
 *
 * A receiver of webhooks that does not answer, or slowly, rests (webhooks.rests_until): nobody else's news
 * wait for it, and its own wait until then, which is no try.
 * SQL: sql/query/dispatch.sql.
 */
#include "dispatch.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "clock.h"
#include "log.h"
#include "metric.h"
#include "notify.h"
#include "queries.h"

#define RUN_MS    (50 * 1000)        /* cron starts the next run in a minute */
#define RUN_TURNS 10000              /* a bound that no clock can move */
#define TRIES     5                  /* of a statement that must not be lost */
#define ARENA_MAX (32 * 1024 * 1024) /* one call at a time */

static const char *
types_that_may_be_muted(struct arena *a)
{
	struct array names;

	array_init(&names, a, 256);
	for (const struct notice_type *t = notice_types; t->name != NULL; t++)
		if (t->is_mutable)
			array_add(&names, t->name);
	return array_text(&names);
}

bool
dispatch_is_over(const struct dispatch *d)
{
	return d->enough || cron_ending() || clock_ms() >= d->ends;
}

static enum dispatch_tally
tally_of(const char *status)
{
	if (strcmp(status, "sent") == 0)
		return SENT;
	if (strcmp(status, "skipped") == 0)
		return SKIPPED;
	return strcmp(status, "failed") == 0 ? FAILED : RETRIED;
}

enum db_status
dispatch_insist(struct dispatch *d, const struct db_stmt *st, struct db_args args,
    struct db_rows **rows, bool *broke)
{
	enum db_status rc = DB_AWAY;

	*broke = false;
	for (int tries = 0; tries < TRIES && (rc == DB_AWAY || rc == DB_BUSY); tries++) {
		if (tries > 0)
			sleep(1);
		rc = db_alone(d->run->db, st, args, rows);
		*broke |= rc == DB_AWAY;
	}
	return rc;
}

bool
dispatch_settle(struct dispatch *d, const struct db_stmt *st, struct db_args args, size_t n,
    enum dispatch_tally what)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	bool broke;
	enum db_status rc = dispatch_insist(d, st, args, &rows, &broke);

	if (rc != DB_OK && rc != DB_NONE)
		return cron_failed(d->run);
	for (int i = 0; i < rows_count(rows); i++)
		d->tally[tally_of(rows_text(rows, i, "status"))]++;
	if ((size_t)rows_count(rows) < n)
		d->tally[broke ? what : LOST] += (int64_t)n - rows_count(rows);
	return true;
}

/* ---- one turn ---- */

/* Whether anything can be sent now, or soon.  Sets enough when not. */
static bool
look_at_pace(struct dispatch *d)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	if (!d->adapter->paced)
		return true;
	if (db_read(d->run->db, &q_dispatch_may, DB_ARGS(d->run->at), &rows) != DB_OK)
		return cron_failed(d->run);
	d->parked = rows_text(rows, 0, "parked") != NULL;
	if (rows_bool(rows, 0, "is_parked")) {
		log_line(LOG_WARN, NULL, "no mail is sent while it is parked: %s",
		    rows_text(rows, 0, "parked"));
		d->enough = true;
	} else if (rows_int(rows, 0, "wait") > d->call_ms) {
		log_line(LOG_WARN, NULL,
		    "no mail for %" PRId64 " seconds: the provider wants it so",
		    rows_int(rows, 0, "wait") / 1000);
		d->enough = true;
	}
	return true;
}

/* Its receiver is left alone, which is no try. */
static bool
put_off(struct dispatch *d, const struct batch *b)
{
	return dispatch_settle(d, &q_dispatch_put_off, DB_ARGS(b->id, b->lease, b->rest), b->call.n,
	    RETRIED);
}

bool
dispatch_retaken(struct dispatch *d, bool *more)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct batch b = { .until = clock_ms() + d->run->conf->lease_ms };
	const char *verdict;
	enum db_status rc;

	*more = false;
	/* a way that forgets has no second try: expire() ends what a crash left of it */
	if (d->adapter->forgets || dispatch_is_over(d))
		return true;
	rc = db_alone(d->run->db, &q_dispatch_retake,
	    DB_ARGS(d->run->at, d->adapter->channel, d->adapter->name, d->lease_ms), &rows);
	*more = rc == DB_OK;
	if (rc == DB_NONE)
		return true;
	if (rc != DB_OK)
		return cron_failed(d->run);
	snprintf(b.id, sizeof(b.id), "%s", rows_text(rows, 0, "id"));
	snprintf(b.lease, sizeof(b.lease), "%s", rows_text(rows, 0, "lease_token"));
	arena_reset(&d->work);
	if (!dispatch_members(d, &b, &verdict))
		return false;
	if (verdict == NULL && b.call.n == (size_t)rows_int(rows, 0, "members"))
		return b.rest != NULL ? put_off(d, &b) : dispatch_call(d, &b);
	/* Who is gone took his part of the bytes with him, and without it the key fits no more. */
	return dispatch_end(d, &b, verdict != NULL ? "skipped" : "failed",
	    verdict != NULL ? verdict : "unknown: one of its batch is gone", NULL);
}

static bool
turn(struct dispatch *d, bool *more)
{
	bool again = false;

	if (!look_at_pace(d))
		return false;
	*more = false;
	if (d->enough)
		return true;
	if (!dispatch_claimed(d, false, more))
		return false;
	if (*more)
		return true;
	if (!dispatch_retaken(d, &again) || !dispatch_claimed(d, true, more))
		return false;
	*more |= again;
	return true;
}

/* What nobody will ever know any more. */
static bool
expire(struct dispatch *d)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status rc = db_alone(d->run->db, &q_dispatch_expire,
	    DB_ARGS(d->run->at, d->adapter->channel, adapter_forgetful(&d->keep)), &rows);

	if (rc != DB_OK && rc != DB_NONE)
		return cron_failed(d->run);
	for (int i = 0; i < rows_count(rows); i++)
		log_line(LOG_ERROR, rows_text(rows, i, "request_id"),
		    "delivery %s failed for good: nobody knows if it arrived",
		    rows_text(rows, i, "id"));
	d->tally[FAILED] += rows_count(rows);
	return true;
}

/* What the tally has gained, for all to see. */
static void
count_up(struct dispatch *d)
{
	static const char *const outcomes[] = { METRIC_DELIVERY_OUTCOMES };

	for (int i = SENT; i <= LOST; i++) {
		metric_event(METRIC_DELIVERIES, d->adapter->channel, outcomes[i],
		    d->tally[i] - d->counted[i]);
		d->counted[i] = d->tally[i];
	}
}

bool
dispatch_all(const struct run *run, const struct adapter *adapter, void *state,
    int64_t tally[TALLY_MAX])
{
	struct dispatch d = { .run = run, .adapter = adapter, .state = state, .tally = tally };
	bool sound, more = true;

	memcpy(d.counted, tally, sizeof(d.counted));
	arena_init(&d.keep, ARENA_MAX);
	arena_init(&d.work, ARENA_MAX);
	d.ends = clock_ms() + (adapter->run_ms > 0 ? adapter->run_ms : RUN_MS);
	d.busy_from = clock_us();
	d.host = mail_host(&d.keep, run->conf->base_url);
	d.may_mute = types_that_may_be_muted(&d.keep);
	d.lease_ms = arena_fmt(&d.keep, "%" PRId64, run->conf->lease_ms);
	d.call_ms = adapter_timeout_ms(run->conf);
	sound = run->conf->mail_from != NULL &&
	    mail_sender_read(&d.keep, run->conf->mail_from, &d.from);
	if (!sound)
		log_line(LOG_ERROR, NULL,
		    "CARILLON_MAIL_FROM is neither an address nor Name <address>");
	sound = sound && expire(&d);
	count_up(&d);
	for (int i = 0; sound && more && i < RUN_TURNS && !dispatch_is_over(&d); i++) {
		sound = turn(&d, &more);
		count_up(&d);
	}
	arena_free(&d.keep);
	arena_free(&d.work);
	return sound;
}

/* ---- the job ---- */

static bool
count_only(const struct run *run, const char *channel, int64_t *tally)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct arena a;
	enum db_status rc;

	arena_init(&a, ARENA_MAX);
	rc = db_read(run->db, &q_dispatch_count,
	    DB_ARGS(run->at, types_that_may_be_muted(&a), channel), &rows);
	arena_free(&a);
	if (rc != DB_OK)
		return cron_failed(run);
	tally[SENT] += rows_int(rows, 0, "sent");
	tally[SKIPPED] += rows_int(rows, 0, "skipped");
	return true;
}

/* What was told of a message before its id was written down. */
static bool
settle_reports(const struct run *run)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status rc =
	    run->dry ? DB_NONE : db_alone(run->db, &q_hook_settle, (struct db_args){ 0 }, &rows);

	for (int i = 0; i < rows_count(rows); i++)
		metric_event(METRIC_REPORTS, rows_text(rows, i, "report"), NULL, 1);
	return rc == DB_OK || rc == DB_NONE || cron_failed(run);
}

static bool
send_channel(const struct run *run, const struct adapter *adapter, const char *url,
    int64_t tally[TALLY_MAX])
{
	char why[SEND_WHY_MAX] = "";
	void *state;
	bool sound;

	if (run->dry)
		return count_only(run, adapter->channel, tally);
	if ((state = adapter->open(run->conf, url + strlen(adapter->prefix), why)) == NULL) {
		log_line(LOG_ERROR, NULL, "%s: nothing can be sent: %s", adapter->name, why);
		return false;
	}
	sound = dispatch_all(run, adapter, state, tally);
	adapter->close(state);
	return sound;
}

bool
dispatch_job(const struct run *run, int64_t tally[TALLY_MAX])
{
	const char *url = run->conf->mail_url;
	const struct adapter *mail = adapter_find("email", url);
	const struct adapter *webhook = adapter_find("webhook", "");
	bool sound = settle_reports(run) && mail != NULL;

	if (mail == NULL)
		log_line(LOG_ERROR, NULL,
		    "CARILLON_MAIL_URL: nothing here can send by this kind of URL");
	else if (!send_channel(run, mail, url, tally))
		sound = false;
	if (webhook != NULL && !send_channel(run, webhook, "", tally))
		sound = false;
	return sound;
}
