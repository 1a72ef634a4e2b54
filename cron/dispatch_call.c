/*
 * dispatch_call - make one call, in its turn, and record what came of it.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "array.h"
#include "clock.h"
#include "dispatch.h"
#include "log.h"
#include "queries.h"

#define RESTS 0.25 /* others have the machine while the provider has our call, too */

/* ---- the pace ---- */

/* Calls of many follow each other as fast as the provider lets them.  away_us: what this one spent
 * waiting for others. */
static void
give_way(struct dispatch *d, int64_t away_us)
{
	if (d->adapter->most > 1)
		cron_give_way(clock_us() - d->busy_from - away_us, RESTS);
	d->busy_from = clock_us();
}

/* Wait for the right to one call.  *ours: whether we have got it. */
static bool
wait_for_turn(struct dispatch *d, bool *ours)
{
	int64_t ends = clock_ms() + d->call_ms;

	*ours = !d->adapter->paced;
	while (!*ours && !dispatch_is_over(d)) {
		SCOPED(rows_free) struct db_rows *rows = NULL;
		int64_t wait;

		if (db_alone(d->run->db, &q_dispatch_take, (struct db_args){ 0 }, &rows) != DB_OK)
			return cron_failed(d->run);
		d->per_second = strtod(rows_text(rows, 0, "per_second"), NULL);
		*ours = rows_bool(rows, 0, "taken");
		wait = rows_int(rows, 0, "wait");
		if (*ours)
			break;
		if (clock_ms() + wait > ends) {
			d->enough = wait > d->call_ms;
			break;
		}
		cron_nap(wait * 1000);
	}
	return true;
}

static bool
run_one(struct dispatch *d, const struct db_stmt *st, struct db_args args)
{
	enum db_status rc = db_alone(d->run->db, st, args, NULL);

	return rc == DB_OK || rc == DB_NONE || cron_failed(d->run);
}

/* Tell all workers what the provider said about the pace. */
static bool
keep_pace(struct dispatch *d, const struct answer *an)
{
	bool other = an->per_second > 0 && fabs(an->per_second - d->per_second) > 1e-3;

	if (!d->adapter->paced || (!other && an->hold_ms == 0))
		return true;
	return run_one(d, &q_dispatch_pace,
	    DB_ARGS(an->per_second > 0 ? arena_fmt(&d->work, "%.9g", an->per_second) : NULL,
		arena_fmt(&d->work, "%" PRId64, an->hold_ms)));
}

static bool
park(struct dispatch *d, const struct answer *an)
{
	log_line(LOG_ERROR, NULL, "%s: no mail can be sent: %s", d->adapter->name, an->why);
	if (d->adapter->paced)
		(void)!run_one(d, &q_dispatch_park,
		    DB_ARGS(d->run->at, an->why, arena_fmt(&d->work, "%" PRId64, an->park_min)));
	return false;
}

/* ---- what came of it ---- */

/* In the log of the request that made it, if one did; what failed in any case. */
static void
tell_end(const struct dispatch *d, const struct call_item *it, const char *status,
    const char *error)
{
	if (strcmp(status, "failed") == 0)
		log_line(LOG_ERROR, it->request, "delivery %s failed for good: %s", it->id, error);
	else if (it->request != NULL)
		log_line(LOG_INFO, it->request, "delivery %s: %s by %s%s%s", it->id, status,
		    d->adapter->name, error != NULL ? ", " : "", error != NULL ? error : "");
}

bool
dispatch_end(struct dispatch *d, const struct batch *b, const char *status, const char *error,
    const char *const *ids)
{
	struct array users, items, known;

	array_init(&users, &d->work, 40 * b->call.n + 8);
	array_init(&items, &d->work, 40 * b->call.n + 8);
	array_init(&known, &d->work, 40 * b->call.n + 8);
	for (size_t i = 0; i < b->call.n; i++) {
		array_add(&users, b->call.item[i].user);
		array_add(&items, b->call.item[i].id);
		array_add(&known, ids != NULL ? ids[i] : NULL);
		tell_end(d, &b->call.item[i], status, error);
	}
	return dispatch_settle(d, &q_dispatch_finish,
	    DB_ARGS(b->id, b->lease, status, error, array_text(&items), array_text(&known),
		array_text(&users)),
	    b->call.n, strcmp(status, "sent") == 0 ? SENT : FAILED);
}

/* The request that all of it come of, or NULL. */
static const char *
request_of(const struct call *c)
{
	const char *id = c->item[0].request;

	for (size_t i = 1; id != NULL && i < c->n; i++)
		if (c->item[i].request == NULL || strcmp(c->item[i].request, id) != 0)
			id = NULL;
	return id;
}

static void
tell_put_off(const struct batch *b, const char *why)
{
	log_line(LOG_WARN, request_of(&b->call), "%s of %zu %s put off: %s",
	    b->call.n == 1 ? "delivery" : "batch", b->call.n, b->call.key, why);
}

/* It may be out: the same another time. */
static bool
again(struct dispatch *d, const struct batch *b, const struct answer *an, const char *most_ms)
{
	const char *least_ms =
	    arena_fmt(&d->work, "%" PRId64, an->wait_ms > 1000 ? an->wait_ms : 1000);

	tell_put_off(b, an->why);
	return dispatch_settle(d, &q_dispatch_again,
	    DB_ARGS(b->id, b->lease, an->why, d->run->at, least_ms, most_ms), b->call.n, RETRIED);
}

/* This call did not bring it out.  When no earlier one can have, the batch need not stay one. */
static bool
not_out(struct dispatch *d, const struct batch *b, const struct answer *an, bool costs, bool solo)
{
	struct db_args args = DB_ARGS(b->id, b->lease, an->why[0] != '\0' ? an->why : NULL,
	    d->run->at, costs ? "true" : "false", solo ? "true" : "false",
	    arena_fmt(&d->work, "%" PRId64, an->wait_ms));
	int64_t retried = d->tally[RETRIED];
	bool ok = dispatch_settle(d, &q_dispatch_dissolve, args, b->call.n, RETRIED);

	if (!costs) /* nobody's fault: neither sent nor tried */
		d->tally[RETRIED] = retried;
	return ok;
}

static bool
not_asked(struct dispatch *d, const struct batch *b, const struct answer *an)
{
	if (b->is_new)
		return not_out(d, b, an, false, false);
	return run_one(d, &q_dispatch_let_go, DB_ARGS(b->id, b->lease));
}

static bool
refused(struct dispatch *d, const struct batch *b, const struct answer *an)
{
	bool surely = b->is_new || an->own_words;

	if (an->gone &&
	    !run_one(d, &q_webhook_gone, DB_ARGS(b->call.item[0].user, b->call.item[0].address)))
		return false;
	if (b->call.n == 1)
		return dispatch_end(d, b, "failed",
		    surely ? an->why : arena_fmt(&d->work, "unknown: %s", an->why), NULL);
	if (!surely)
		return again(d, b, an, NULL);
	log_line(LOG_WARN, request_of(&b->call),
	    "batch %s of %zu was refused, so each goes alone: %s", b->call.key, b->call.n, an->why);
	return not_out(d, b, an, false, true);
}

static bool
settle(struct dispatch *d, const struct batch *b, const struct answer *an)
{
	switch (an->outcome) {
	case OUT_SENT:
		if (!dispatch_end(d, b, "sent", NULL, an->provider_id))
			return false;
		return !d->parked || run_one(d, &q_dispatch_unpark, (struct db_args){ 0 });
	case OUT_NOT_SENT:
		if (b->is_new) {
			tell_put_off(b, an->why);
			return not_out(d, b, an, true, false);
		}
		return again(d, b, an, NULL);
	case OUT_UNKNOWN:
		if (d->adapter->forgets)
			return dispatch_end(d, b, "failed",
			    arena_fmt(&d->work, "unknown: %s", an->why), NULL);
		return again(d, b, an, NULL);
	case OUT_BUSY:
		return again(d, b, an, "5000");
	case OUT_PACE:
		return not_asked(d, b, an);
	case OUT_PARKED:
		return not_asked(d, b, an) && park(d, an);
	case OUT_NEVER:
		return refused(d, b, an);
	case OUT_CONFLICT:
	default:
		return dispatch_end(d, b, "failed",
		    arena_fmt(&d->work, "unknown: conflict, %s", an->why), NULL);
	}
}

/* Whether its receiver may be asked again at once; a claim in hand was made before we knew. */
static bool
heed(struct dispatch *d, const struct batch *b, const struct answer *an)
{
	const char *url = b->call.item[0].address;
	const char *for_ms = NULL;

	if (an->receiver == RECEIVER_NONE)
		return true;
	d->stale = d->stale || an->gone || an->receiver != RECEIVER_PROMPT;
	if (an->receiver == RECEIVER_PROMPT)
		return run_one(d, &q_webhook_answers, DB_ARGS(url));
	if (an->receiver == RECEIVER_SLOW)
		for_ms = arena_fmt(&d->work, "%" PRId64, d->adapter->run_ms);
	return run_one(d, &q_webhook_rests, DB_ARGS(url, d->run->at, for_ms));
}

/* What a person had sent anew is another request: it may have other bytes. */
static const char *
key_of(struct dispatch *d, const struct batch *b)
{
	const struct call_item *it = &b->call.item[0];

	if (b->call.n > 1)
		return arena_fmt(&d->work, "b/%s", b->id);
	return strcmp(it->replays, "0") == 0 ? it->id
					     : arena_fmt(&d->work, "%s/%s", it->id, it->replays);
}

bool
dispatch_call(struct dispatch *d, struct batch *b)
{
	struct answer an = { .outcome = OUT_SENT };
	int64_t away = clock_us();
	bool ours;

	b->call.key = key_of(d, b);
	if (!wait_for_turn(d, &ours))
		return false;
	if (!ours)
		return not_asked(d, b, &an);
	/* Stopped for long, or the database was slow: somebody else may have it by now. */
	if (clock_ms() + d->call_ms * 3 / 2 > b->until)
		return not_asked(d, b, &an);
	d->adapter->send(d->state, &d->work, &b->call, &an);
	away = clock_us() - away;
	if (!keep_pace(d, &an) || !settle(d, b, &an) || !heed(d, b, &an))
		return false;
	give_way(d, away);
	return true;
}
