/*
 * dispatch - send the mail that is due.
 *
 * Claim a batch (committed), look at each delivery again, send it outside of any transaction, and
 * record what became of it only while its lease is still ours.  So two runs at once never work on
 * the same delivery, and what a crash left behind is due again 90 seconds later.  SQL:
 * sql/query/dispatch.sql.
 */
#include "dispatch.h"

#include <string.h>
#include <unistd.h>

#include "json.h"
#include "log.h"
#include "notify.h"
#include "queries.h"
#include "text.h"

#define RUN_MS     (50 * 1000)        /* cron starts the next run in a minute */
#define RUN_CLAIMS 1000               /* of up to 100 deliveries */
#define TRIES      5                  /* to record what became of a letter that may be out */
#define ARENA_MAX  (32 * 1024 * 1024) /* one letter at a time, or one batch of ids */

struct post {
	const struct run *run;
	const struct adapter *adapter;
	void *state;
	struct mail_sender from;
	const char *host;
	const char *may_mute;      /* PostgreSQL's text[] of the types that preferences count for */
	struct arena keep, letter; /* for the whole run; for one letter */
	int64_t *tally;
	int64_t ends; /* cron_clock() */
};

/* A claimed delivery: its key and our lease. */
struct claim {
	const char *user, *id, *lease;
};

static const char *
types_that_may_be_muted(struct arena *a)
{
	struct out o;
	const char *comma = "{";

	out_init(&o, a, 256);
	for (const struct notice_type *t = notice_types; t->name != NULL; t++) {
		if (!t->is_mutable)
			continue;
		out_raw(&o, comma, 1);
		out_raw(&o, t->name, strlen(t->name));
		comma = ",";
	}
	out_raw(&o, *comma == '{' ? "{}" : "}", *comma == '{' ? 2 : 1);
	return arena_ndup(a, o.s, o.n);
}

/*
 * Run a statement that ends our claim.  It may be repeated: it changes the row only while the
 * lease is ours, and gives the lease up.  So no row means that the lease was lost, unless an
 * earlier try broke off: then it was that one.
 */
static bool
settle(struct post *p, const struct db_stmt *st, struct db_args args, enum dispatch_tally what,
    struct db_rows **rows)
{
	enum db_status rc = DB_AWAY;
	bool broke = false;

	for (int tries = 0; rc == DB_AWAY || rc == DB_BUSY; tries++) {
		if (tries == TRIES)
			return cron_failed(p->run);
		if (tries > 0)
			sleep(1);
		rc = db_alone(p->run->db, st, args, rows);
		broke |= rc == DB_AWAY;
	}
	if (rc != DB_OK && rc != DB_NONE)
		return cron_failed(p->run);
	p->tally[rc == DB_OK || broke ? what : LOST]++;
	return true;
}

static bool
finish(struct post *p, const struct claim *c, const char *status, const char *error,
    enum dispatch_tally what)
{
	return settle(p, &q_dispatch_finish, DB_ARGS(c->user, c->id, c->lease, status, error), what,
	    NULL);
}

static bool
retry(struct post *p, const struct claim *c, const char *why)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	if (!settle(p, &q_dispatch_retry, DB_ARGS(c->user, c->id, c->lease, p->run->at, why),
		RETRIED, &rows))
		return false;
	if (rows_count(rows) == 1 && strcmp(rows_text(rows, 0, "status"), "failed") == 0) {
		p->tally[RETRIED]--;
		p->tally[FAILED]++;
		log_line(LOG_ERROR, NULL, "delivery %s failed for good: %s", c->id, why);
	}
	return true;
}

static bool
send_letter(struct post *p, const struct claim *c, const struct letter *l)
{
	char why[SEND_WHY_MAX] = "";

	switch (p->adapter->send(p->state, &p->letter, l, why)) {
	case SEND_OK:
		return finish(p, c, "sent", NULL, SENT);
	case SEND_LATER:
		log_line(LOG_WARN, NULL, "delivery %s put off: %s", c->id, why);
		return retry(p, c, why);
	case SEND_NEVER:
		log_line(LOG_ERROR, NULL, "delivery %s failed for good: %s", c->id, why);
		return finish(p, c, "failed", why, FAILED);
	case SEND_STOP:
	default:
		log_line(LOG_ERROR, NULL, "%s: no mail can be sent: %s", p->adapter->name, why);
		return false;
	}
}

/* One claimed delivery, as it is now.  False when the run cannot go on. */
static bool
deliver(struct post *p, const struct claim *c)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct letter l = { .id = c->id, .from = &p->from, .host = p->host };
	const char *verdict;

	switch (db_read(p->run->db, &q_dispatch_look,
	    DB_ARGS(c->user, c->id, c->lease, p->run->at, p->may_mute), &rows)) {
	case DB_OK:
		break;
	case DB_NONE:
		p->tally[LOST]++;
		return true;
	default:
		return cron_failed(p->run);
	}
	if ((verdict = rows_text(rows, 0, "verdict")) != NULL)
		return finish(p, c, "skipped", verdict, SKIPPED);
	l.to = rows_text(rows, 0, "email");
	l.subject = rows_text(rows, 0, "subject");
	l.text = rows_text(rows, 0, "text");
	l.html = rows_text(rows, 0, "html");
	l.created = rows_int(rows, 0, "created");
	if (l.subject == NULL || l.text == NULL || !mail_is_address(&p->letter, l.to)) {
		log_line(LOG_ERROR, NULL,
		    "delivery %s cannot be sent: its address or payload is unfit", c->id);
		return finish(p, c, "failed", "unfit", FAILED);
	}
	return send_letter(p, c, &l);
}

/* What this run will not get to is due again at once, not when its lease has run out. */
static void
release(struct post *p, const char *lease)
{
	enum db_status rc = db_alone(p->run->db, &q_dispatch_release, DB_ARGS(lease), NULL);

	if (rc != DB_OK && rc != DB_NONE)
		cron_failed(p->run);
}

static bool
is_over(const struct post *p)
{
	return cron_ending() || cron_clock() >= p->ends;
}

/* One batch.  *more becomes whether there was anything to claim. */
static bool
deliver_batch(struct post *p, bool *more)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status rc = db_alone(p->run->db, &q_dispatch_claim, DB_ARGS(p->run->at), &rows);
	bool sound = true;

	if (rc != DB_OK && rc != DB_NONE)
		return cron_failed(p->run);
	*more = rc == DB_OK;
	for (int i = 0; i < rows_count(rows); i++) {
		struct claim c = { rows_text(rows, i, "user_id"), rows_text(rows, i, "id"),
			rows_text(rows, i, "lease_token") };

		if (is_over(p) || !(sound = deliver(p, &c))) {
			release(p, c.lease);
			return sound;
		}
		arena_reset(&p->letter);
	}
	return true;
}

bool
dispatch_all(const struct run *run, const struct adapter *adapter, void *state,
    int64_t tally[TALLY_MAX])
{
	struct post p = { .run = run, .adapter = adapter, .state = state, .tally = tally };
	bool sound, more = true;

	arena_init(&p.keep, ARENA_MAX);
	arena_init(&p.letter, ARENA_MAX);
	p.ends = cron_clock() + RUN_MS;
	p.host = mail_host(&p.keep, run->conf->base_url);
	p.may_mute = types_that_may_be_muted(&p.keep);
	sound = run->conf->mail_from != NULL &&
	    mail_sender_read(&p.keep, run->conf->mail_from, &p.from);
	if (!sound)
		log_line(LOG_ERROR, NULL,
		    "CARILLON_MAIL_FROM is neither an address nor Name <address>");
	for (int i = 0; sound && more && i < RUN_CLAIMS && !is_over(&p); i++)
		sound = deliver_batch(&p, &more);
	arena_free(&p.keep);
	arena_free(&p.letter);
	return sound;
}

static bool
count_only(const struct run *run, int64_t *tally)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct arena a;
	enum db_status rc;

	arena_init(&a, ARENA_MAX);
	rc = db_read(run->db, &q_dispatch_count, DB_ARGS(run->at, types_that_may_be_muted(&a)),
	    &rows);
	arena_free(&a);
	if (rc != DB_OK)
		return cron_failed(run);
	tally[SENT] = rows_int(rows, 0, "sent");
	tally[SKIPPED] = rows_int(rows, 0, "skipped");
	return true;
}

bool
dispatch_job(const struct run *run, int64_t tally[TALLY_MAX])
{
	const char *url = run->conf->mail_url;
	const struct adapter *adapter = adapter_find("email", url);
	char why[SEND_WHY_MAX] = "";
	void *state;
	bool sound;

	if (adapter == NULL) {
		log_line(LOG_ERROR, NULL,
		    "CARILLON_MAIL_URL: nothing here can send by this kind of URL");
		return false;
	}
	if (run->dry)
		return count_only(run, tally);
	if ((state = adapter->open(run->conf, url + strlen(adapter->prefix), why)) == NULL) {
		log_line(LOG_ERROR, NULL, "%s: no mail can be sent: %s", adapter->name, why);
		return false;
	}
	sound = dispatch_all(run, adapter, state, tally);
	adapter->close(state);
	return sound;
}
