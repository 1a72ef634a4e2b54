#include "db_lane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "clock.h"
#include "db_hosts.h"
#include "db_together.h"
#include "queries.h"

#define CONNECT_MS     2500  /* for one connection to come up: 503 within three seconds */
#define ANSWER_MS      5000  /* from one answer to the next: twice the roles' statement_timeout */
#define ANSWERS_AFTER  2     /* statements, at the latest */
#define ANSWER_LONG_MS 70000 /* without an event loop: cron's statements may take a minute */
#define REST_MS        200   /* between two tries to connect */

/* The waiting fiber is resumed by the loop, never from here: this may be another one. */
void
lane_finish(struct lane *l, struct item *it, enum db_status status, const char *why)
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
	l->preparing = l->uncommitted = false;
}

/* Take back what is on the wire, answered or not. */
static void
unsend(struct lane *l, struct items *all)
{
	struct item *it;

	items_init(all);
	while ((it = items_pop(&l->sent)) != NULL) {
		rows_free(TAKE(it->rows));
		it->status = DB_OK;
		together_split(it, all);
	}
}

/* No connection can be had, or the server has fallen silent: nobody waits in vain, and
 * nothing is repeated at once. */
static void
refused(struct lane *l, const char *what)
{
	char why[200];
	struct items sent;
	struct item *it;

	snprintf(why, sizeof(why), "%s: %s", what, l->pg != NULL ? PQerrorMessage(l->pg) : "");
	disconnect(l);
	l->rest_until = clock_ms() + REST_MS;
	unsend(l, &sent);
	while ((it = items_pop(&sent)) != NULL)
		lane_finish(l, it, DB_AWAY, why);
	while ((it = items_pop(&l->queue)) != NULL)
		lane_finish(l, it, DB_AWAY, why);
}

/*
 * Not a word in all that time: its machine may be gone, and libpq would wait for it again.  So the
 * next connection begins with the host behind it, and idle ones to it need not find out for
 * themselves.
 */
static void
silent(struct lane *l, const char *what)
{
	struct db *db = l->db;
	const char *host = PQhost(l->pg), *port = PQport(l->pg);

	db->host = hosts_after(db->url, host, port);
	for (size_t i = 0; i < db->nlanes; i++) {
		struct lane *other = &db->lanes[i];

		if (other->state == LANE_UP && other->sent.first == NULL && !other->taken &&
		    strcmp(PQhost(other->pg), host) == 0 && strcmp(PQport(other->pg), port) == 0)
			disconnect(other);
	}
	refused(l, what);
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
	l->pg = hosts_connect(l->db->url, l->db->host);
	PQsetNoticeProcessor(l->pg, no_notice, NULL);
	l->blocked = false;
	l->since = clock_ms();
	l->state = LANE_CONNECTING;
	memset(l->prepared, 0, (Q_COUNT / 64 + 1) * sizeof(*l->prepared));
	if (l->pg == NULL || PQstatus(l->pg) == CONNECTION_BAD || !watch(l, EPOLLOUT))
		refused(l, "no connection");
}

/*
 * The connection broke.  Statements that were on the wire and change nothing run again,
 * LANE_REPEATS times; of the others nobody knows.  In a transaction's lane even what was not
 * sent ends here: on another connection it would run outside of the transaction.
 */
void
lane_broken(struct lane *l)
{
	struct items sent, later = l->queue;
	struct item *it;
	char why[200];

	snprintf(why, sizeof(why), "connection lost: %s", PQerrorMessage(l->pg));
	disconnect(l);
	unsend(l, &sent);
	items_init(&l->queue);
	while ((it = items_pop(&sent)) != NULL)
		if (it->repeats > 0) {
			it->repeats--;
			items_push(&l->queue, it);
		} else
			lane_finish(l, it, DB_AWAY, why);
	while ((it = items_pop(&later)) != NULL)
		if (l->taken)
			lane_finish(l, it, DB_AWAY, why);
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
send_query(struct lane *l, struct item *it, const char *const *args)
{
	const struct db_stmt *st = it->st;
	int n = (int)it->args.n;

	if (st == NULL || !l->db->prepare)
		return PQsendQueryParams(l->pg, st != NULL ? st->sql : it->sql, n, NULL, args, NULL,
			   NULL, 0) == 1;
	return PQsendQueryPrepared(l->pg, st->name, n, args, NULL, NULL, 0) == 1;
}

static bool
send_item(struct lane *l, struct item *it)
{
	const struct db_stmt *st = it->st;
	const char *arrays[TOGETHER_ARGS];
	char *text;
	bool ok;

	it->preparing = must_prepare(l, it);
	l->preparing = l->preparing || it->preparing;
	if (it->preparing &&
	    PQsendPrepare(l->pg, it->prepare_only ? "" : st->name, st->sql, 0, NULL) != 1)
		return false;
	if (it->prepare_only)
		return true;
	if (!it->together)
		return send_query(l, it, it->args.v);
	text = together_args(it, arrays);
	ok = send_query(l, it, arrays);
	free(text);
	return ok;
}

/* By user; what is of one user by statement, since each may lock another row of theirs. */
static bool
locks_before(const struct item *a, const struct item *b)
{
	int order = strcmp(a->args.v[0], b->args.v[0]);

	return order != 0 ? order < 0 : a->st->id < b->st->id;
}

/* Put it into the batch behind all that must not wait for it. */
static void
insert_by_user(struct items *q, struct item *it)
{
	struct item **at = &q->first;

	while (*at != NULL && !locks_before(it, *at))
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
		if (it->together && !it->alone)
			n += together_gather(&l->queue, it, LANE_BATCH_MAX - n) - 1;
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
		lane_broken(l);
}

/* The server keeps answers until the Sync unless it is asked for them: a batch of slow statements
 * would look as if it had fallen silent.  Cron's, and those on Citus, may take as long as two. */
static bool
ask_now_and_then(struct lane *l, const struct item *it, int n)
{
	int after = l->db->joined && !l->db->sharded ? ANSWERS_AFTER : 1;

	return it->last || n % after != 0 || PQsendFlushRequest(l->pg) == 1;
}

/* One batch: its statements, then the Sync that commits them. */
static bool
send_batch(struct lane *l)
{
	struct items batch;
	struct item *it;
	bool ok = true;
	int n = 0;

	if (l->batches++ == 0)
		l->since = clock_ms();
	take_batch(l, &batch);
	while ((it = items_pop(&batch)) != NULL) {
		it->last = batch.first == NULL;
		items_push(&l->sent, it);
		ok = ok && send_item(l, it) && ask_now_and_then(l, it, ++n);
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
			lane_broken(l);
			return;
		}
	flush(l);
}

/* ---- what the loop says ---- */

void
lane_event(struct lane *l)
{
	if (l->state == LANE_CONNECTING)
		connect_go_on(l);
	else if (l->state == LANE_UP && PQconsumeInput(l->pg) != 1)
		lane_broken(l);
	else if (l->state == LANE_UP) {
		lane_drain(l);
		if (l->state == LANE_UP)
			flush(l);
	}
}

void
lane_tick(struct lane *l, int64_t now)
{
	int64_t most = ANSWER_MS;

	if (l->state == LANE_CONNECTING && now - l->since > CONNECT_MS)
		silent(l, "no connection in time");
	if (l->state != LANE_UP || l->sent.first == NULL)
		return;
	if (!l->db->joined)
		most = ANSWER_LONG_MS;
	if (now - l->since > most)
		silent(l, "no answer");
}

/* On a Citus coordinator a statement may have another form, of one caller alone. */
static void
choose_form(const struct db *db, struct item *it)
{
	if (!db->sharded || it->st == NULL || it->st->sharded == NULL)
		return;
	it->st = it->st->sharded;
	it->together = false;
}

void
lane_push(struct lane *l, struct item *it)
{
	choose_form(l->db, it);
	if (l->state == LANE_DOWN && clock_ms() < l->rest_until) {
		lane_finish(l, it, DB_AWAY, "no connection");
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
