#include "db_lane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "queries.h"

#define CONNECT_MS     3000  /* for one connection to come up */
#define ANSWER_MS      5000  /* for a batch of requests; above the roles' statement_timeout */
#define ANSWER_LONG_MS 70000 /* without an event loop: cron's statements may take a minute */
#define REST_MS        200   /* between two tries to connect */

int64_t
lane_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The waiting fiber is resumed by the loop, never from here: this may be another one. */
static void
finish(struct lane *l, struct item *it, enum db_status status, const char *why)
{
	it->status = status;
	it->done = true;
	if (why != NULL)
		snprintf(it->why, sizeof(it->why), "%s: %s",
		    it->st != NULL ? it->st->name : it->sql, why);
	if (it->fiber != NULL && it->fiber != fiber_self())
		items_push(&l->db->ready, it);
}

/* Watch the socket; PQconnectPoll may have changed it for another. */
static bool
watch(struct lane *l, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = l };
	int fd = PQsocket(l->pg);

	return fd >= 0 &&
	    (epoll_ctl(l->db->ep, EPOLL_CTL_MOD, fd, &ev) == 0 ||
		(errno == ENOENT && epoll_ctl(l->db->ep, EPOLL_CTL_ADD, fd, &ev) == 0));
}

static void
disconnect(struct lane *l)
{
	PQfinish(l->pg);
	l->pg = NULL;
	l->state = LANE_DOWN;
	l->at = NULL;
	l->batches = 0;
	l->preparing = false;
}

/* No connection can be had, or the server has fallen silent: nobody waits in vain, and
 * nothing is repeated at once. */
static void
refused(struct lane *l, const char *what)
{
	char why[200];
	struct item *it;

	snprintf(why, sizeof(why), "%s: %s", what, l->pg != NULL ? PQerrorMessage(l->pg) : "");
	disconnect(l);
	l->rest_until = lane_clock() + REST_MS;
	while ((it = items_pop(&l->sent)) != NULL) {
		PQclear(TAKE(it->res));
		finish(l, it, DB_AWAY, why);
	}
	while ((it = items_pop(&l->queue)) != NULL)
		finish(l, it, DB_AWAY, why);
}

static void
no_notice(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static void
connect_start(struct lane *l)
{
	l->pg = PQconnectStart(l->db->url);
	PQsetNoticeProcessor(l->pg, no_notice, NULL);
	l->blocked = false;
	l->since = lane_clock();
	l->state = LANE_CONNECTING;
	memset(l->prepared, 0, (Q_COUNT / 64 + 1) * sizeof(*l->prepared));
	if (l->pg == NULL || PQstatus(l->pg) == CONNECTION_BAD || !watch(l, EPOLLOUT))
		refused(l, "no connection");
}

/*
 * The connection broke.  Statements that were on the wire and change nothing run
 * again once; of the others nobody knows.  In a transaction's lane even what was not
 * sent ends here: on another connection it would run outside of the transaction.
 */
static void
broken(struct lane *l)
{
	struct items sent = l->sent, later = l->queue;
	struct item *it;
	char why[200];

	snprintf(why, sizeof(why), "connection lost: %s", PQerrorMessage(l->pg));
	disconnect(l);
	items_init(&l->sent);
	items_init(&l->queue);
	while ((it = items_pop(&sent)) != NULL) {
		PQclear(TAKE(it->res));
		if (it->repeatable) {
			it->repeatable = false;
			it->status = DB_OK;
			items_push(&l->queue, it);
		} else
			finish(l, it, DB_AWAY, why);
	}
	while ((it = items_pop(&later)) != NULL)
		if (l->taken)
			finish(l, it, DB_AWAY, why);
		else
			items_push(&l->queue, it);
	if (l->queue.first != NULL)
		connect_start(l);
}

static void
connect_go_on(struct lane *l)
{
	switch (PQconnectPoll(l->pg)) {
	case PGRES_POLLING_READING:
		if (!watch(l, EPOLLIN))
			refused(l, "no connection");
		return;
	case PGRES_POLLING_WRITING:
		if (!watch(l, EPOLLOUT))
			refused(l, "no connection");
		return;
	case PGRES_POLLING_OK:
		break;
	default:
		refused(l, "no connection");
		return;
	}
	l->state = LANE_UP;
	if (PQsetnonblocking(l->pg, 1) != 0 || PQenterPipelineMode(l->pg) != 1 ||
	    !watch(l, EPOLLIN))
		refused(l, "no connection");
}

/* ---- a batch goes out ---- */

static bool
is_prepared(const struct lane *l, const struct db_stmt *st)
{
	return l->prepared[st->id / 64] >> (st->id % 64) & 1;
}

/* Whether a statement before it on the wire is about to prepare the same. */
static bool
is_being_prepared(const struct lane *l, const struct item *it)
{
	for (const struct item *i = l->sent.first; i != it; i = i->next)
		if (i->preparing && i->st == it->st)
			return true;
	return false;
}

static bool
must_prepare(const struct lane *l, const struct item *it)
{
	if (it->prepare_only)
		return true;
	return it->st != NULL && l->db->prepare && !is_prepared(l, it->st) &&
	    !is_being_prepared(l, it);
}

static bool
send_item(struct lane *l, struct item *it)
{
	const struct db_stmt *st = it->st;
	int n = (int)it->args.n;

	it->preparing = must_prepare(l, it);
	l->preparing = l->preparing || it->preparing;
	if (it->preparing &&
	    PQsendPrepare(l->pg, it->prepare_only ? "" : st->name, st->sql, 0, NULL) != 1)
		return false;
	if (it->prepare_only)
		return true;
	if (st == NULL || !l->db->prepare)
		return PQsendQueryParams(l->pg, st != NULL ? st->sql : it->sql, n, NULL, it->args.v,
			   NULL, NULL, 0) == 1;
	return PQsendQueryPrepared(l->pg, st->name, n, it->args.v, NULL, NULL, 0) == 1;
}

/* Put it into the batch behind all of the same or a lower user. */
static void
insert_by_user(struct items *q, struct item *it)
{
	struct item **at = &q->first;

	while (*at != NULL && strcmp((*at)->args.v[0], it->args.v[0]) <= 0)
		at = &(*at)->next;
	if ((it->next = *at) == NULL)
		q->end = &it->next;
	*at = it;
}

/* Move the next batch out of the queue. */
static void
take_batch(struct lane *l, struct items *batch)
{
	bool alone = l->queue.first->alone;
	struct item *it;

	items_init(batch);
	for (int n = 0; (it = l->queue.first) != NULL && n < LANE_BATCH_MAX; n++) {
		if (n > 0 && (alone || it->alone))
			break;
		items_pop(&l->queue);
		it->last = false;
		if (l->by_user)
			insert_by_user(batch, it);
		else
			items_push(batch, it);
	}
}

/* Push out what the socket takes; watch for room only while something is left. */
static void
flush(struct lane *l)
{
	int rc = PQflush(l->pg);

	if (rc == (l->blocked ? 1 : 0))
		return;
	l->blocked = rc == 1;
	if (rc < 0 || !watch(l, l->blocked ? EPOLLIN | EPOLLOUT : EPOLLIN))
		broken(l);
}

/* One batch: its statements, then the Sync that commits them. */
static bool
send_batch(struct lane *l)
{
	struct items batch;
	struct item *it;
	bool ok = true;

	if (l->batches++ == 0)
		l->since = lane_clock();
	take_batch(l, &batch);
	while ((it = items_pop(&batch)) != NULL) {
		it->last = batch.first == NULL;
		items_push(&l->sent, it);
		ok = ok && send_item(l, it);
	}
	if (l->at == NULL && l->batches == 1)
		l->at = l->sent.first;
	return ok && PQpipelineSync(l->pg) == 1;
}

/* Behind a statement that is being prepared nothing is sent that may count on it. */
static bool
may_send(const struct lane *l)
{
	return l->queue.first != NULL && l->batches < l->depth && !l->preparing;
}

void
lane_send(struct lane *l)
{
	/* Here and not when it is queued: looking up a host name takes more stack than a
	 * fiber has. */
	if (l->state == LANE_DOWN && l->queue.first != NULL)
		connect_start(l);
	if (l->state != LANE_UP || !may_send(l))
		return;
	while (may_send(l))
		if (!send_batch(l)) {
			broken(l);
			return;
		}
	flush(l);
}

/* ---- its answers come in ---- */

static void
note_prepared(struct lane *l, const struct db_stmt *st, bool is)
{
	uint64_t bit = (uint64_t)1 << (st->id % 64);

	l->prepared[st->id / 64] &= ~bit;
	l->prepared[st->id / 64] |= is ? bit : 0;
}

/* Why it failed; and where that says so, what the server really has prepared. */
static void
keep_failure(struct lane *l, struct item *it, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	it->status = lane_status(state);
	snprintf(it->why, sizeof(it->why), "%s: [%s] %s", it->st != NULL ? it->st->name : it->sql,
	    state != NULL ? state : "no state",
	    state != NULL ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY)
			  : PQresultErrorMessage(res));
	if (state != NULL && it->st != NULL && strcmp(state, "26000") == 0)
		note_prepared(l, it->st, false);
	if (state != NULL && it->st != NULL && strcmp(state, "42P05") == 0)
		note_prepared(l, it->st, true);
}

static void
keep(struct lane *l, PGresult *res)
{
	struct item *it = l->at;
	ExecStatusType what = PQresultStatus(res);

	if (what == PGRES_TUPLES_OK || (what == PGRES_COMMAND_OK && !it->preparing)) {
		it->res = res;
		it->status = what == PGRES_TUPLES_OK
		    ? (PQntuples(res) == 0 ? DB_NONE : DB_OK)
		    : (strcmp(PQcmdTuples(res), "0") == 0 ? DB_NONE : DB_OK);
		return;
	}
	if (what == PGRES_COMMAND_OK) {
		if (!it->prepare_only)
			note_prepared(l, it->st, true);
	} else if (what != PGRES_PIPELINE_ABORTED)
		keep_failure(l, it, res);
	PQclear(res);
}

/* One statement's answers have ended: on to the next, or to the Sync. */
static void
step(struct lane *l)
{
	if (l->at->preparing && !l->at->prepare_only)
		l->at->preparing = false;
	else
		l->at = l->at->last ? NULL : l->at->next;
}

/* Move the oldest batch out of those on the wire; whether a statement of it failed. */
static bool
end_batch(struct lane *l, struct items *batch)
{
	bool failed = false, last = false;

	items_init(batch);
	while (!last) {
		struct item *it = items_pop(&l->sent);

		last = it->last;
		failed = failed || (it->status != DB_OK && it->status != DB_NONE);
		items_push(batch, it);
	}
	l->batches--;
	l->preparing = l->preparing && l->batches > 0;
	l->at = l->sent.first;
	l->since = lane_clock();
	return failed;
}

/* Into the queue; but the user who has waited for a lock in vain would wait as long
 * again, and all writes behind it with it. */
static void
requeue(struct lane *l, struct item *it, const char *stuck)
{
	if (stuck != NULL && strcmp(it->args.v[0], stuck) == 0)
		finish(l, it, DB_BUSY, "behind a locked row");
	else
		items_push(&l->queue, it);
}

/*
 * The Sync was answered: the batch is committed, or none of it happened.  Then what was not
 * to blame runs again alone; so does what was, for it may have failed because of its
 * company, unless it has waited long enough.
 */
static void
batch_done(struct lane *l)
{
	struct items batch, later = l->queue;
	bool failed = end_batch(l, &batch), again = failed && !batch.first->last;
	const char *stuck = NULL; /* in a batch by user, all of the same come behind it */
	struct item *it;

	if (failed && batch.first->in_tx) {
		items_fail_behind(&batch);
		again = false;
	}
	items_init(&l->queue);
	while ((it = items_pop(&batch)) != NULL) {
		if (it->status == DB_BUSY && l->by_user)
			stuck = it->args.v[0];
		if (!again || it->status == DB_BUSY) {
			finish(l, it, it->status, NULL);
			continue;
		}
		PQclear(TAKE(it->res));
		it->status = DB_OK;
		it->alone = true;
		requeue(l, it, stuck);
	}
	while ((it = items_pop(&later)) != NULL)
		requeue(l, it, stuck);
}

static void
drain(struct lane *l)
{
	while (l->state == LANE_UP && l->sent.first != NULL && !PQisBusy(l->pg)) {
		PGresult *res = PQgetResult(l->pg);

		if (PQstatus(l->pg) == CONNECTION_BAD || (res == NULL && l->at == NULL)) {
			PQclear(res);
			broken(l);
		} else if (res == NULL)
			step(l);
		else if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
			PQclear(res);
			batch_done(l);
		} else if (l->at != NULL)
			keep(l, res);
		else { /* the commit itself failed */
			l->sent.first->status =
			    lane_status(PQresultErrorField(res, PG_DIAG_SQLSTATE));
			PQclear(res);
		}
	}
}

void
lane_event(struct lane *l)
{
	if (l->state == LANE_CONNECTING)
		connect_go_on(l);
	else if (l->state == LANE_UP && PQconsumeInput(l->pg) != 1)
		broken(l);
	else if (l->state == LANE_UP) {
		drain(l);
		if (l->state == LANE_UP)
			flush(l);
	}
}

void
lane_tick(struct lane *l, int64_t now)
{
	int64_t most = ANSWER_MS;

	if (l->state == LANE_CONNECTING && now - l->since > CONNECT_MS)
		refused(l, "no connection in time");
	if (l->state != LANE_UP || l->sent.first == NULL)
		return;
	if (!l->db->joined)
		most = ANSWER_LONG_MS;
	if (now - l->since > most)
		refused(l, "no answer");
}

void
lane_push(struct lane *l, struct item *it)
{
	if (l->state == LANE_DOWN && lane_clock() < l->rest_until) {
		finish(l, it, DB_AWAY, "no connection");
		return;
	}
	items_push(&l->queue, it);
}

void
lane_close(struct lane *l)
{
	disconnect(l);
	free(l->prepared);
}
